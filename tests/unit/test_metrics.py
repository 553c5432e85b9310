"""What ``/metrics`` shows is what happened."""

import pytest

from bot.metrics import Metrics


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


def test_turns_are_counted_by_flow_and_outcome_and_timed(metrics: Metrics) -> None:
    metrics.turn("booking", "asked", 0.02)
    metrics.turn("booking", "asked", 0.3)
    metrics.turn("help", "answered", 5.0)
    shown = metrics.exposed().decode()
    assert 'zhenyue_turns_total{flow="booking",outcome="asked"} 2.0' in shown
    assert 'zhenyue_turns_total{flow="help",outcome="answered"} 1.0' in shown
    assert 'zhenyue_turn_seconds_bucket{le="0.025"} 1.0' in shown
    assert 'zhenyue_turn_seconds_bucket{le="4.0"} 2.0' in shown
    assert "zhenyue_turn_seconds_count 3.0" in shown


def test_everything_the_contract_names_is_counted(metrics: Metrics) -> None:
    metrics.hold()
    metrics.confirmation()
    metrics.refusal("sold_out")
    metrics.rebuild()
    metrics.redelivery()
    metrics.wechat_call("custom_send", "ok")
    metrics.rejected("signature")
    metrics.job("expire", "ok", lag=0.5)
    shown = metrics.exposed().decode()
    for line in (
        "zhenyue_holds_total 1.0",
        "zhenyue_confirmations_total 1.0",
        'zhenyue_refusals_total{rule="sold_out"} 1.0',
        "zhenyue_pool_rebuilds_total 1.0",
        "zhenyue_redeliveries_total 1.0",
        'zhenyue_wechat_calls_total{api="custom_send",result="ok"} 1.0',
        'zhenyue_rejected_deliveries_total{reason="signature"} 1.0',
        'zhenyue_job_runs_total{job="expire",result="ok"} 1.0',
        'zhenyue_job_lag_seconds{job="expire"} 0.5',
    ):
        assert line in shown


def test_two_sets_of_figures_do_not_mix(metrics: Metrics) -> None:
    metrics.hold()
    assert "zhenyue_holds_total 0.0" in Metrics().exposed().decode()
