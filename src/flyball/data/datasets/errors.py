"""What can go wrong with datasets."""

from flyball.core.errors import FlyballError

__all__ = [
    "Altered",
    "BadCatalogue",
    "BadLabels",
    "Conflict",
    "DatasetError",
    "LeakedCases",
    "Moved",
    "Overtaken",
    "RetentionOverdue",
    "SchemaChanged",
    "SpanNotFound",
    "TagTaken",
    "UnknownSnapshot",
]


class DatasetError(FlyballError):
    """Something about a dataset."""

    code = "datasets.error"


class BadCatalogue(DatasetError):
    """The catalogue cannot be opened."""

    code = "datasets.bad_catalogue"


class Moved(BadCatalogue):
    """The folder of the data files is not where the catalogue says."""

    code = "datasets.moved"


class Conflict(DatasetError):
    """Somebody else wrote to the same dataset at the same time; nothing was written."""

    code = "datasets.conflict"
    retry = True
    exit_code = 3


class Overtaken(Conflict):
    """The content that a change was made for is no longer the current one; what was read is kept."""

    code = "datasets.overtaken"


class Altered(DatasetError):
    """What is stored is not what was written."""

    code = "datasets.altered"
    exit_code = 1


class TagTaken(DatasetError):
    """A tag already points to another snapshot; tags never move."""

    code = "datasets.tag_taken"


class SchemaChanged(DatasetError):
    """A column disappeared or changed its type; only new columns may come."""

    code = "datasets.schema_changed"


class UnknownSnapshot(DatasetError):
    """No dataset, snapshot or tag of that name."""

    code = "datasets.unknown_snapshot"


class BadLabels(DatasetError):
    """Labels that cannot be used as they are."""

    code = "datasets.bad_labels"


class SpanNotFound(BadLabels):
    """A labelled passage is not in the text of its case."""

    code = "datasets.span_not_found"


class RetentionOverdue(DatasetError):
    """Something that should be gone by now is still there."""

    code = "datasets.retention_overdue"
    exit_code = 1


class LeakedCases(DatasetError):
    """The same person, company or case stands on both sides of a split."""

    code = "datasets.leaked_cases"
    exit_code = 1
