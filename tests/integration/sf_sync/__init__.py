"""The Salesforce side against the emulator and, where it caches, a real Valkey."""
