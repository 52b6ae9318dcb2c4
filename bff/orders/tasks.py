"""The jobs of orders."""

from uuid import UUID

from procrastinate import JobContext

from bff.adapters import Adapters
from bff.jobs import EVERY_10_S, JitteredRetry, tasks
from bff.orders import delivery as _delivery  # noqa: F401  (registers its deliveries)
from bff.orders import phone_uses as _phone_uses  # noqa: F401  (registers its job)
from bff.orders.doubts import Doubts
from bff.orders.reviews import Reviews
from bff.orders.watch import SWEEP, TASK
from bff.tenancy import list_orgs


def get_adapters(context: JobContext) -> Adapters:
    adapters: Adapters = context.additional_context["adapters"]
    return adapters


@tasks.task(name=TASK, pass_context=True, retry=JitteredRetry())
async def review_orders(context: JobContext, org_id: str, account_id: str) -> None:
    reviews = Reviews(get_adapters(context), context.additional_context["deliveries"])
    await reviews.look(UUID(org_id), account_id)


@tasks.periodic(cron="* * * * *")
@tasks.task(name=SWEEP, pass_context=True, queueing_lock=SWEEP)
async def sweep_order_reviews(context: JobContext, timestamp: int) -> None:
    """Repairs what a notice that nobody heard has left undone."""
    adapters = get_adapters(context)
    reviews = Reviews(adapters, context.additional_context["deliveries"])
    async with adapters.database.orgless() as session:
        orgs = await list_orgs(session)
    for org in orgs:
        await reviews.sweep(org.id)


@tasks.periodic(cron=EVERY_10_S)
@tasks.task(name="sweep_doubtful_orders", pass_context=True, queueing_lock="sweep_doubtful_orders")
async def sweep_doubtful_orders(context: JobContext, timestamp: int) -> None:
    await Doubts(get_adapters(context), context.additional_context["deliveries"]).sweep()
