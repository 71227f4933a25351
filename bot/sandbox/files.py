"""The attachments array: which files a message keeps, gains and loses."""

from dataclasses import dataclass, field, replace

from bot.sandbox import limits
from bot.sandbox.cdn import Cdn, safe_filename
from bot.sandbox.problems import Form, problem
from bot.sandbox.records import Attachment, Json, MessageState, Upload
from bot.sandbox.snowflakes import Snowflakes

Files = dict[int, Upload]


@dataclass
class FilePlan:
    """What a message's files will be, before anything is stored.

    Attributes:
        linked: names that media items may refer to. Uploads that an edit does not list in
            `attachments` are not among them (GH discord/discord-api-docs#7529).
    """

    kept: list[Attachment] = field(default_factory=list)
    new: list[tuple[Upload, str | None]] = field(default_factory=list)
    linked: set[str] = field(default_factory=set)

    @property
    def names(self) -> set[str]:
        """The names of all files."""
        return {a.filename for a in self.kept} | {safe_filename(u.filename) for u, _ in self.new}


def check_sizes(files: Files, per_file_bytes: int, whole_bytes: int | None) -> None:
    """Raise when one file, or all together, are too large.

    Raises:
        ApiProblem: 40005.
    """
    sizes = [len(upload.data) for upload in files.values()]
    if any(size > per_file_bytes for size in sizes):
        raise problem(40005)
    if whole_bytes is not None and sum(sizes) > whole_bytes:
        raise problem(40005)


def plan_files(form: Form, body: Json, files: Files, old: MessageState | None) -> FilePlan:
    """Match uploads and retained files with the `attachments` array.

    Without the array a new message takes every upload; an edit keeps what it has, but loses it
    when it uploads something: v10 wants retained and new files listed together
    (GH discord/discord-api-docs#5170).

    Raises:
        ApiProblem: 30015 for more than ten files.
    """
    entries = body.get("attachments")
    if entries is None:
        plan = _unlisted(body, files, old)
    else:
        plan = FilePlan()
        listed = form.count("attachments", entries, 1000)
        for index, entry in enumerate(listed):
            _plan_entry(form, f"attachments.{index}", entry, files, old, plan)
        if old is None:
            ids = {str(e.get("id")) for e in listed if isinstance(e, dict)}
            plan.new += [(up, None) for index, up in files.items() if str(index) not in ids]
        plan.linked = plan.names
    if len(plan.kept) + len(plan.new) > limits.ATTACHMENTS:
        raise problem(30015)
    return plan


def _unlisted(body: Json, files: Files, old: MessageState | None) -> FilePlan:
    plan = FilePlan(new=[(upload, None) for upload in files.values()])
    if old is None:
        plan.linked = plan.names
    elif not files and "attachments" not in body:
        plan.kept = list(old.attachments)
        plan.linked = plan.names
    return plan


def _plan_entry(
    form: Form,
    path: str,
    entry: object,
    files: Files,
    old: MessageState | None,
    plan: FilePlan,
) -> None:
    if not isinstance(entry, dict) or not str(entry.get("id", "")).isdigit():
        form.error(f"{path}.id", "BASE_TYPE_REQUIRED", "This field is required")
        return
    form.longer(f"{path}.description", entry.get("description"), limits.ATTACHMENT_DESCRIPTION)
    form.longer(f"{path}.filename", entry.get("filename"), limits.FILENAME)
    number = int(entry["id"])
    before = {a.id: a for a in old.attachments} if old else {}
    if number in before:
        kept = before[number]
        description = entry.get("description", kept.description)
        plan.kept.append(replace(kept, description=description))
    elif number in files:
        plan.new.append((_named(files[number], entry), entry.get("description")))
    else:
        message = f"No file was uploaded and none is on the message with id {number}."
        form.error(f"{path}.id", "ATTACHMENT_NOT_FOUND", message)


def _named(upload: Upload, entry: Json) -> Upload:
    name = str(entry.get("filename") or upload.filename)
    if entry.get("is_spoiler") and not name.startswith("SPOILER_"):
        name = f"SPOILER_{name}"
    return replace(upload, filename=name)


def store_files(
    plan: FilePlan, cdn: Cdn, snowflakes: Snowflakes, channel_id: int, *, ephemeral: bool
) -> tuple[Attachment, ...]:
    """Put the new files on the CDN; the result is the message's files in order."""
    folder = f"{'ephemeral-' if ephemeral else ''}attachments/{channel_id}"
    kept = [cdn.described(a, a.description) for a in plan.kept]
    new = [cdn.store(snowflakes.new(), folder, up, text) for up, text in plan.new]
    return (*kept, *new)
