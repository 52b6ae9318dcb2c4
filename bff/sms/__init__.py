"""Text messages: one port, a terminal in development and Twilio in production. Knows no business word.

May import `bff.settings`. A number and what it is sent never reach a log, a job or a trace.
"""

from bff.sms.sender import Sms, SmsOutcome, SmsSender

__all__ = ["Sms", "SmsOutcome", "SmsSender"]
