import pytest

from mujaz_models.train.recipe import Shape

torch = pytest.importorskip("torch")

from mujaz_models.train.loss import SmoothedCrossEntropy  # noqa: E402 (needs torch)
from mujaz_models.train.model import Dropout, TranslationModel, source_mask  # noqa: E402


def test_the_loss_and_its_gradients_are_those_of_torch() -> None:
    torch.manual_seed(1)
    hidden = torch.randn(1300, 8, requires_grad=True)
    weight, bias = torch.randn(50, 8, requires_grad=True), torch.randn(50, requires_grad=True)
    targets = torch.randint(0, 50, (1300,))
    ours, nats = SmoothedCrossEntropy.apply(hidden, weight, bias, targets, 0.1)
    (ours * 3).backward()
    found = [tensor.grad.clone() for tensor in (hidden, weight, bias)]
    for tensor in (hidden, weight, bias):
        tensor.grad = None
    logits = hidden @ weight.t() + bias
    theirs = torch.nn.functional.cross_entropy(logits, targets, label_smoothing=0.1)
    (theirs * 3).backward()
    assert float(ours.detach()) == pytest.approx(float(theirs.detach()), rel=1e-5)
    assert nats.item() == pytest.approx(
        float(torch.nn.functional.cross_entropy(logits, targets).detach()), rel=1e-5
    )
    for tensor, gradient in zip((hidden, weight, bias), found, strict=True):
        torch.testing.assert_close(gradient, tensor.grad, rtol=1e-4, atol=1e-6)


def test_padding_changes_no_state(shape: Shape) -> None:
    torch.manual_seed(1)
    model = TranslationModel(shape, 40, 30).eval()
    ids = torch.randint(3, 40, (1, 7))
    padded = torch.cat([ids, torch.zeros(1, 4, dtype=torch.long)], 1)
    alone = model.lower(ids, source_mask(ids), 3)
    among = model.lower(padded, source_mask(padded), 3)[:, :7]
    torch.testing.assert_close(among, alone)


def test_the_decoder_does_not_look_ahead(shape: Shape) -> None:
    torch.manual_seed(1)
    model = TranslationModel(shape, 40, 30).eval()
    memory = torch.randn(1, 5, 16)
    target = torch.randint(3, 30, (1, 6))
    changed = target.clone()
    changed[0, 4:] = 7
    before, after = (model.decode(ids, memory, None) for ids in (target, changed))
    torch.testing.assert_close(before[:, :4], after[:, :4])
    assert not torch.allclose(before[:, 4:], after[:, 4:])


def test_lower_and_upper_layers_make_the_encoder(shape: Shape) -> None:
    model = TranslationModel(shape, 40, 30).eval()
    ids = torch.randint(3, 40, (2, 7))
    whole = model.lower(ids, None, 3)
    torch.testing.assert_close(model.upper(model.lower(ids, None, 1), None, 1), whole)


def test_dropout_zeroes_its_share_and_keeps_the_mean() -> None:
    dropout = Dropout(0.25).train()
    ones = torch.ones(100, 1000)
    dropped = dropout(ones)
    assert float((dropped == 0).float().mean()) == pytest.approx(0.25, abs=0.01)
    assert float(dropped.mean()) == pytest.approx(1, abs=0.02)
    assert dropout.eval()(ones) is ones
