"""Self-attention by its definition, in each of the ways that devices take."""

import pytest
import torch

from ganalyze.models.generators.biggan_layers import _fused, _plain, attend

WAYS = {"plain products": _plain, "the fused kernel": _fused}


@pytest.fixture
def inputs():
    """Queries at 6,000 places (1, 6000, 6), keys (1, 40, 6) and values (1, 40, 24), in float32."""
    draw = torch.Generator().manual_seed(0)
    return [torch.randn(1, places, n, generator=draw) for places, n in ((6000, 6), (40, 6), (40, 24))]


def by_definition(query, key, value):
    weights = torch.exp(torch.einsum("nqk,nsk->nqs", query, key))
    return torch.einsum("nqs,nsc->nqc", weights / weights.sum(2, keepdim=True), value)


def with_gradients(attention, inputs):
    inputs = [values.clone().requires_grad_() for values in inputs]
    seen = attention(*inputs)
    return seen, *torch.autograd.grad(seen.double().square().sum(), inputs)


@pytest.mark.parametrize("attention", WAYS.values(), ids=WAYS)
def test_a_place_sees_all_places_by_the_softmax_of_their_products(attention, inputs):
    expected = with_gradients(by_definition, [values.double() for values in inputs])
    for found, wanted in zip(with_gradients(attention, inputs), expected, strict=True):
        assert (found - wanted).norm() < 1e-5 * wanted.norm()


def test_float64_stays_float64(inputs):
    fine = [values.double() for values in inputs]
    for found, wanted in zip(with_gradients(_plain, fine), with_gradients(by_definition, fine), strict=True):
        assert found.dtype == torch.float64
        assert (found - wanted).norm() < 1e-12 * wanted.norm()


def test_in_bf16_nothing_but_what_goes_in_and_comes_out_is_rounded(inputs):
    rounded = [values.bfloat16() for values in inputs]

    def attention(*values):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return _plain(*values)

    expected = with_gradients(by_definition, [values.double() for values in rounded])
    for found, wanted in zip(with_gradients(attention, rounded), expected, strict=True):
        assert found.dtype == torch.bfloat16
        assert (found - wanted).norm() < 0.005 * wanted.norm()  # bf16 holds 8 bits: 0.2 to 0.4 %


def test_places_stay_where_they_are():
    query, key = torch.zeros(1, 1, 2, 3), torch.tensor([[[[0.0, 50.0]]]])
    value = torch.tensor([[[[1.0, 2.0]]]])
    query[0, 0, 1, 2] = 1.0  # this place sees the second key alone, the others both alike
    assert attend(query, key, value).tolist() == [[[[1.5, 1.5, 1.5], [1.5, 1.5, 2.0]]]]
