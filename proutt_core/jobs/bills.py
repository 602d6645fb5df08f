"""Money: the price of a model on a day, the bill of a job, and the prices that the product starts with."""

from datetime import date

from db.columns import now
from db.jobs import jobs, prices, usage
from db.jobs.jobs import JobInfo
from db.jobs.prices import Price, add_missing
from db.stored_settings import address_of, model_name_of
from db.studies import methods
from proutt_core.errors import InputError, SettingsError
from proutt_core.llm.address import is_local
from proutt_core.llm.providers.model_ref import ModelRef
from proutt_core.llm.providers.price_list import STARTING_PRICES
from proutt_core.runs.bill import FREE, Bill, Rates, make_bill
from proutt_core.types.job_kinds import KINDS


def rates_of(*, address: str, model: str, on: date) -> Rates | None:
    """What a million tokens cost on that day. Models on this machine are free unless a price is set for them; None
    where no price is known."""
    price = prices.price_for(address, model, on=on)
    if price is not None:
        return price
    return FREE if is_local(address) else None


def no_price(*, address: str, model: str, on: date) -> str:
    """What to say, and what to do, where `rates_of` is None."""
    return (
        f"no price is known for {model} at {address} on {on}: add one with `python -m proutt_core prices set {model}"
        f" --base-url {address} --prompt … --cached … --completion … --currency … --since {on}`"
    )


def required_rates(*, address: str, model: str, on: date) -> Rates:
    """SettingsError that says how to add a price where none is known."""
    rates = rates_of(address=address, model=model, on=on)
    if rates is None:
        raise SettingsError(f"{no_price(address=address, model=model, on=on)}; a limit in money needs it")
    return rates


def bill_of(job_id: int) -> Bill:
    """What a synthesis run, a prediction or a judge run came to so far, over all processes, at the newest price that is
    not after its start day (UTC)."""
    job = jobs.required(job_id)
    address, model = address_and_model(job)
    day = billing_day(job)
    rates = rates_of(address=address, model=model, on=day)
    return make_bill(usage.of_job(job_id), rates, unknown=no_price(address=address, model=model, on=day))


def billing_day(job: JobInfo | None) -> date:
    """The day whose price counts: that of the job's start; today for one that has not started."""
    started = job.started_at if job is not None else None
    return (started or now()).date()


def address_and_model(job: JobInfo) -> tuple[str, str]:
    """The address (empty: in this process) and the model's name there, as the job asks for it.

    Known without the key that the worker has. InputError for a job that asks none.
    """
    settings = job.settings
    if KINDS[job.kind].model == "method":
        method = methods.get(job.method_id or 0)
        settings = {} if method is None else method.settings
    model = ModelRef.named_in(settings)
    if model is None:
        raise InputError(f'"{job.name}" asks no model')
    address = address_of(settings)
    return (model.address if address is None else address), model_name_of(settings)


def load_starting_prices() -> int:
    """Put the bundled prices into the table where it has none of that address, model and day. Returns how many."""
    return add_missing(Price(**row) for row in STARTING_PRICES)
