"""`/limits`: allowances of the org and what is left of them."""

from sf_sync.emulator.rest.context import Context
from sf_sync.emulator.rest.messages import ApiAnswer, ApiRequest

_UNTOUCHED = {
    "DailyAsyncApexExecutions": 250_000,
    "DailyBulkApiBatches": 15_000,
    "DailyBulkV2QueryFileStorageMB": 976_562,
    "DailyBulkV2QueryJobs": 10_000,
    "DailyDeliveredPlatformEvents": 10_000,
    "DailyStreamingApiEvents": 10_000,
    "DataStorageMB": 1_024,
    "FileStorageMB": 1_024,
    "HourlyPublishedPlatformEvents": 50_000,
}


def read_limits(context: Context, request: ApiRequest) -> ApiAnswer:
    """Only DailyApiRequests moves; the rest is there because clients look for it."""
    usage = context.usage
    calls = {"Max": usage.allowance, "Remaining": max(0, usage.allowance - usage.used)}
    rest = {name: {"Max": most, "Remaining": most} for name, most in _UNTOUCHED.items()}
    return ApiAnswer(body={"DailyApiRequests": calls, **rest})
