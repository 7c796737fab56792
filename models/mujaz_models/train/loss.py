"""Cross-entropy with label smoothing that never holds all logits."""

from typing import Any, Final

import torch

_ROWS: Final = 512
_ROWS_ON_GPU: Final = 8192


class SmoothedCrossEntropy(torch.autograd.Function):
    """The mean loss of hidden states against target ids, and its gradient, made in one pass.

    On a CPU, logits of 8,000 pieces for a whole batch do not fit the cache: rows go through in
    chunks, and since each chunk's softmax is at hand, its gradient is made then and there.
    """

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401 (torch's context)
        hidden: torch.Tensor,
        weight: torch.Tensor,
        bias: torch.Tensor,
        targets: torch.Tensor,
        smoothing: float,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the smoothed loss and, without smoothing, the nats per token."""
        rows, size = hidden.shape[0], weight.shape[0]
        kind, chunk = hidden.device.type, _ROWS_ON_GPU if hidden.is_cuda else _ROWS
        with torch.no_grad(), torch.autocast(kind, enabled=False):
            states, matrix = hidden.detach(), weight.detach().to(hidden.dtype)
            to_states = torch.empty_like(states)
            to_weight = torch.zeros_like(weight, dtype=torch.float32)
            to_bias = torch.zeros(size, device=hidden.device)
            total = torch.zeros((), device=hidden.device)
            nats = torch.zeros((), device=hidden.device)
            for start in range(0, rows, chunk):
                part, wanted = states[start : start + chunk], targets[start : start + chunk, None]
                logs = torch.log_softmax((part @ matrix.t()).float().add_(bias), -1)
                right = logs.gather(1, wanted).sum()
                nats -= right
                total -= (1 - smoothing) * right + smoothing * logs.mean(-1).sum()
                gradient = logs.exp_().sub_(smoothing / size)
                gradient.scatter_add_(
                    1, wanted, torch.full_like(wanted, smoothing - 1, dtype=torch.float32)
                )
                to_bias += gradient.sum(0)
                low = gradient.to(part.dtype)
                to_states[start : start + chunk] = low @ matrix
                to_weight += low.t() @ part
        ctx.save_for_backward(to_states, to_weight, to_bias)
        ctx.rows = rows
        mean_nats = nats / rows
        ctx.mark_non_differentiable(mean_nats)
        return total / rows, mean_nats

    @staticmethod
    def backward(
        ctx: Any,  # noqa: ANN401 (torch's context)
        gradient: torch.Tensor,
        _of_nats: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, None, None]:
        """Scale the gradients that the forward pass made."""
        to_states, to_weight, to_bias = ctx.saved_tensors
        scale = gradient / ctx.rows
        return (
            (to_states * scale).to(to_states.dtype),
            to_weight * scale,
            to_bias * scale,
            None,
            None,
        )
