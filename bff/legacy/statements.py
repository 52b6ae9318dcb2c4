"""The statements on the older portal's table, under the names that the settings give."""

# ruff: noqa: S608 - names of tables and columns cannot be parameters; the settings take plain letters only

from sqlalchemy import TextClause, text

from bff.settings import LegacySettings

COLUMNS = (
    "id",
    "customer_id",
    "file_name",
    "content_type",
    "content",
    "status",
    "reviewer_note",
    "rejection_message",
    "submitted_at",
    "reviewed_at",
    "updated_at",
)
_WHEN_ABSENT = {
    "file_name": "'document'",
    "content_type": "''",
    "reviewer_note": "NULL::text",
    "rejection_message": "NULL::text",
    "reviewed_at": "NULL::timestamptz",
}


class Statements:
    """`key_type` is the SQL type of the id column, so that ids travel as text and still compare as what they are."""

    def __init__(self, settings: LegacySettings, *, is_ours: bool, key_type: str) -> None:
        self._settings = settings
        self._table = ".".join(f'"{part}"' for part in settings.table.split(".")) if not is_ours else _OURS
        self._org = "org_id = :org AND " if is_ours else ""
        self._key = key_type
        self._is_ours = is_ours
        self._size = "0" if settings.folder else f"coalesce(octet_length({self.name('content')}), 0)"
        self._path = f"{self.name('content')}" if settings.folder else "NULL::text"

    def name(self, column: str) -> str:
        """The column, or what stands for one that the table lacks."""
        given = self._settings.columns.get(column) if not self._is_ours else None
        if given is None:
            return f'"{column}"'
        if given:
            return f'"{given}"'
        if column == "updated_at":
            return f"coalesce({self.name('reviewed_at')}, {self.name('submitted_at')})"
        return _WHEN_ABSENT[column]

    def has(self, column: str) -> bool:
        return self._is_ours or self._settings.columns.get(column) != ""

    @property
    def _row(self) -> str:
        return (
            f"SELECT {self.name('id')}::text AS id, {self.name('customer_id')}::text AS customer,"
            f" {self.name('file_name')} AS file_name, {self.name('content_type')} AS content_type,"
            f" {self._size} AS size, {self._path} AS path, {self.name('status')}::text AS status,"
            f" {self.name('reviewer_note')} AS note, {self.name('rejection_message')} AS message,"
            f" {self._time('submitted_at')} AS submitted_at, {self._time('reviewed_at')} AS reviewed_at,"
            f" {self._time('updated_at')} AS updated_at FROM {self._table}"
        )

    def _time(self, column: str) -> str:
        """A date or a time without a zone too; one for ever is none."""
        return f"nullif(nullif(CAST({self.name(column)} AS timestamptz), 'infinity'), '-infinity')"

    def page(self) -> TextClause:
        key = self.name("id")
        return text(
            f"{self._row} WHERE {self._org}(CAST(:after AS text) IS NULL OR {key} > CAST(:after AS {self._key}))"
            f" ORDER BY {key} LIMIT :limit"
        )

    def of_customers(self) -> TextClause:
        return text(
            f"{self._row} WHERE {self._org}{self.name('customer_id')}::text = ANY(:customers)"
            f" ORDER BY {self.name('customer_id')}, {self.name('submitted_at')}, {self.name('id')}"
            if not self._is_ours
            else f"{self._row} WHERE {self._org}customer_id = ANY(CAST(:customers AS uuid[]))"
            " ORDER BY customer_id, submitted_at, id"
        )

    def of_account(self) -> TextClause:
        """Ours alone: the customers stand in the same database."""
        return text(
            f"{self._row} WHERE {self._org}customer_id IN"
            " (SELECT c.id FROM customers c WHERE c.org_id = :org AND c.account_id = :account)"
            " ORDER BY submitted_at, id"
        )

    def changed(self) -> TextClause:
        when, key = self.name("updated_at"), self.name("id")
        return text(
            f"{self._row} WHERE {self._org}({when}, {key}::text) > (:since, :after)"
            f" ORDER BY {when}, {key}::text LIMIT :limit"
        )

    def find(self) -> TextClause:
        return text(f"{self._row} WHERE {self._org}{self.name('id')} = CAST(:id AS {self._key})")

    def some(self) -> TextClause:
        key = self.name("id")
        return text(f"{self._row} WHERE {self._org}{key} = ANY(CAST(:ids AS {self._key}[])) ORDER BY {key}")

    def with_content(self, *, locked: bool = False) -> TextClause:
        head, tail = self._row.rsplit(" FROM ", 1)
        return text(
            f"{head}, {self.name('content')} AS content FROM {tail}"
            f" WHERE {self._org}{self.name('id')} = ANY(CAST(:ids AS {self._key}[]))"
            + (" FOR UPDATE" if locked else "")
        )

    def existing(self) -> TextClause:
        key = self.name("id")
        return text(
            f"SELECT {key}::text FROM {self._table} WHERE {self._org}{key} = ANY(CAST(:ids AS {self._key}[]))"
        )

    def content(self) -> TextClause:
        return text(
            f"SELECT {self.name('content')} FROM {self._table}"
            f" WHERE {self._org}{self.name('id')} = CAST(:id AS {self._key})"
        )

    def count(self) -> TextClause:
        return text(f"SELECT count(*) FROM {self._table} WHERE {self._org}true")

    def insert(self) -> TextClause:
        columns = [column for column in COLUMNS if self.has(column) and column in _INSERTED]
        if self._is_ours:
            columns = ["org_id", *columns]
        values = ", ".join(f"CAST(:id AS {self._key})" if c == "id" else f":{c}" for c in columns)
        names = ", ".join(self.name(column) for column in columns)
        return text(f"INSERT INTO {self._table} ({names}) VALUES ({values}) ON CONFLICT DO NOTHING")

    def decide(self) -> TextClause:
        """Only while nobody has changed the row since it was read."""
        wanted = {"status": ":status", "reviewer_note": ":note", "rejection_message": ":message"}
        wanted |= {"reviewed_at": ":reviewed_at", "updated_at": "clock_timestamp()"}
        changes = ", ".join(f"{self.name(c)} = {value}" for c, value in wanted.items() if self.has(c))
        return text(
            f"UPDATE {self._table} SET {changes} WHERE {self._org}{self.name('id')} = CAST(:id AS {self._key})"
            f" AND coalesce({self._time('updated_at')}, {self._time('reviewed_at')}, {self._time('submitted_at')})"
            " IS NOT DISTINCT FROM :seen_at"
        )

    def delete(self) -> TextClause:
        return text(
            f"DELETE FROM {self._table} WHERE {self._org}{self.name('id')} = ANY(CAST(:ids AS {self._key}[]))"
        )

    def next_number(self, sequence: str) -> TextClause:
        return text(f"SELECT nextval('{sequence}')::text")


_OURS = "residence_card_submissions"
_INSERTED = frozenset(
    {"id", "customer_id", "file_name", "content_type", "content", "status", "submitted_at", "updated_at"}
)
