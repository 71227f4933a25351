"""The composition root: builds everything and owns every lifetime in one AsyncExitStack."""

import asyncio
import signal
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from datetime import timedelta

import structlog
from pydantic import SecretStr

from bot import web
from bot.account import AccountWatch, Needs, Standing
from bot.alarm import OwnerAlarm
from bot.bell import Bell
from bot.budget import BudgetWatch
from bot.catalogue import MODELS
from bot.chart import ChartPainter
from bot.chat.client import DarkroomBot, point_at
from bot.chat.journal import ChannelJournal
from bot.chat.messages import DiscordMessages
from bot.chat.messenger import DiscordMessenger
from bot.chat.services import Services
from bot.clock import SystemClock
from bot.copies import LONGEST_LIFE, FolderCopies
from bot.delivery import Delivery
from bot.drive import Driver
from bot.encore import Encore
from bot.gallery import Gallery
from bot.housekeeping import Housekeeping
from bot.houses import Houses
from bot.images.client import ApiClient
from bot.images.downloads import HttpDownloads
from bot.images.http import TimeLimits
from bot.images.uploads import ApiUploads
from bot.jobs import Jobs, Rulebook
from bot.journal import Relay
from bot.pictures import PillowPictures
from bot.ports import Clock, Journal, Pictures
from bot.pursuit import Pursuit, Timing
from bot.runner import Runner
from bot.settings import Settings
from bot.source_pictures import PillowSources
from bot.sources import Means, Reach, Sources
from bot.store import SqlStore, open_store, sources_folder
from cogs import add_commands

STOP_DEADLINE_S = 7.0  # container runtimes send SIGKILL after 10 s, and there is more to close
SOURCE_LIMITS = TimeLimits(connect_s=5, read_s=10, write_s=5, pool_s=30, total_s=60)

log = structlog.get_logger(__name__)


async def run(settings: Settings, *, replace_commands: bool = False) -> int:
    """Run the bot until SIGTERM or SIGINT; 0 once the jobs in hand are safe.

    Raises:
        ConfigurationError: a setting is wrong in a way that only the world could tell.
        Unreachable: Discord or the database stays out of reach.
    """
    stop = asyncio.Event()
    on_signals(stop.set)
    point_at(settings.discord_api_url, settings.discord_gateway_url)
    clock, bell = SystemClock(), Bell()
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(open_store(settings.database_url, clock))
        standing, journal = Standing(), Relay()
        copies = _copies(settings, store)
        jobs = _jobs(settings, store, standing, bell, journal)
        houses = Houses(
            *(store.houses, copies, journal, clock, _rulebook(settings), _price(settings))
        )
        bot = DarkroomBot(
            _services(*(settings, store, jobs, houses, journal), replace_commands=replace_commands)
        )
        add_commands(bot)
        api = await stack.enter_async_context(
            ApiClient(settings.apimodels_base_url, SecretStr(settings.api_key))
        )
        journal.reader = log_channels = ChannelJournal(bot, houses, clock)
        pictures = PillowPictures()
        stack.callback(pictures.close)
        messenger = DiscordMessenger(bot, clock)
        delivery = Delivery(messenger, jobs, store.houses, pictures, clock)
        gallery = await _gallery(settings, pictures, clock, stack)
        bot.encore = Encore(jobs, gallery, delivery, messenger, pictures)
        bot.sources = sources = await _sources(settings, bot, copies, stack)
        pursuit = Pursuit(jobs, api, sources, delivery, bell, clock, _timing(settings))
        runner = Runner(
            *(jobs, standing, pursuit, Driver(jobs, gallery, delivery, bell, clock)),
            *(delivery, api, bell, clock),
            most_at_once=settings.max_concurrent_jobs,
        )
        alarm = OwnerAlarm(bot.tell_owner, settings.alert_webhook_url)
        watch = AccountWatch(api, standing, alarm, journal, clock, _needs(settings))
        await stack.enter_async_context(web.serve(jobs, bot.is_ready, settings.host, settings.port))
        works = {
            "discord": bot.serve(settings.token),
            "care": runner.run(),
            "account": watch.run(),
            "housekeeping": Housekeeping(
                *(store.houses, store.drafts, copies, clock, settings.retention_days)
            ).run(),
            "log channels": log_channels.run(),
            "signals": stop.wait(),
        }
        await _until_one_ends(works, bot, runner)
    log.info("stopped")
    return 0


async def _until_one_ends(
    works: Mapping[str, Coroutine[None, None, object]], bot: DarkroomBot, runner: Runner
) -> None:
    """Serve and care until told to stop or until one of them ends by an error."""
    tasks = {asyncio.create_task(work, name=name) for name, work in works.items()}
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        await runner.stop(STOP_DEADLINE_S)
        await bot.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _gallery(
    settings: Settings, pictures: Pictures, clock: Clock, stack: AsyncExitStack
) -> Gallery:
    results = await stack.enter_async_context(HttpDownloads(settings.result_hosts))
    copies = await stack.enter_async_context(HttpDownloads(settings.discord_cdn_hosts))
    return Gallery(results, copies, pictures, clock)


def _jobs(
    settings: Settings, store: SqlStore, standing: Standing, bell: Bell, journal: Journal
) -> Jobs:
    budgets = BudgetWatch(store.houses, journal)
    return Jobs(
        *(store, standing, SystemClock(), bell, _rulebook(settings), budgets, journal),
        callbacks=settings.public_url is not None,
        relays=settings.relay_sources == "auto",
    )


def _rulebook(settings: Settings) -> Rulebook:
    return Rulebook(settings.limits, settings.policy)


def _copies(settings: Settings, store: SqlStore) -> FolderCopies:
    days = settings.retention_days
    return FolderCopies(
        *(sources_folder(settings.database_url), store.houses, SystemClock()),
        life=timedelta(days=days) if days else LONGEST_LIFE,
    )


async def _sources(
    settings: Settings, bot: DarkroomBot, copies: FolderCopies, stack: AsyncExitStack
) -> Sources:
    uploads = ApiUploads(settings.apimodels_base_url, SecretStr(settings.api_key))
    downloads = HttpDownloads(settings.source_hosts, limits=SOURCE_LIMITS)
    means = Means(
        downloads=await stack.enter_async_context(downloads),
        pictures=PillowSources(),
        uploads=await stack.enter_async_context(uploads),
        copies=copies,
        messages=DiscordMessages(bot),
    )
    reach = Reach(settings.relay_sources, settings.apimodels_base_url)
    return Sources(means, reach, SystemClock())


def _services(
    settings: Settings,
    store: SqlStore,
    jobs: Jobs,
    houses: Houses,
    journal: Journal,
    *,
    replace_commands: bool,
) -> Services:
    return Services(
        jobs=jobs,
        houses=houses,
        drafts=store.drafts,
        journal=journal,
        charts=ChartPainter(),
        facts=store,
        clock=SystemClock(),
        model=MODELS[settings.apimodels_model],
        source_hosts=settings.discord_cdn_hosts,
        allow_dms=settings.allow_dms,
        replies=settings.replies,
        allowed_guild_ids=settings.allowed_guild_ids,
        dev_guild_id=settings.discord_guild_id,
        replace_commands=replace_commands,
        retention_days=settings.retention_days,
    )


def _price(settings: Settings) -> int:
    return MODELS[settings.apimodels_model].price_micro_usd


def _needs(settings: Settings) -> Needs:
    return Needs(
        model=settings.apimodels_model,
        price_usd=_price(settings) / 1_000_000,
        low_balance_usd=float(settings.low_balance_usd),
    )


def _timing(settings: Settings) -> Timing:
    public = settings.public_url
    return Timing(
        job_timeout_s=settings.job_timeout_seconds,
        poll_interval_s=settings.poll_interval_seconds,
        callback_base=public.rstrip("/") + web.CALLBACK_PATH if public else None,
    )


def on_signals(stop: Callable[[], object]) -> None:
    """Call `stop` on SIGTERM, SIGINT and, on Windows, Ctrl-Break."""
    loop = asyncio.get_running_loop()
    for name in ("SIGTERM", "SIGINT", "SIGBREAK"):
        number = getattr(signal, name, None)
        if number is not None:
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop))
