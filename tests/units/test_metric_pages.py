"""The pages of docs/metrics are what `make docs` writes, and explain every metric."""

from local.metric_pages import PAGES, defined_metrics, metric_pages


def test_the_pages_are_current() -> None:
    written = {file.name: file.read_text() for file in PAGES.glob("*.md")}
    assert written == metric_pages(), "run `make docs`"


def test_every_metric_is_explained() -> None:
    for metric in defined_metrics().by_name.values():
        assert metric.formula and metric.date_rule, metric.name
        assert metric.currency_rule, f"{metric.name} is money: how is it converted?"
        assert set(metric.adds_over) <= {"days", "lines"}, metric.name
