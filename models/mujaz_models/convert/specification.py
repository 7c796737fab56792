"""From the form in memory to CTranslate2's: one builder for all that is read.

CTranslate2's own converter for MarianMT knows only vocabularies shared by source and target; built
here, they may be separate. https://opennmt.net/CTranslate2/conversion.html
"""

import numpy as np
from ctranslate2.specs import TransformerSpec, common_spec
from ctranslate2.specs.attention_spec import MultiHeadAttentionSpec
from ctranslate2.specs.model_spec import NumpyVariable, index_spec
from ctranslate2.specs.transformer_spec import (
    FeedForwardSpec,
    TransformerDecoderSpec,
    TransformerEncoderSpec,
)

from mujaz_models.convert.form import (
    Activation,
    Attention,
    FeedForward,
    Floats,
    LayerNorm,
    Linear,
    Marian,
    sinusoids,
)
from mujaz_models.convert.vocabulary import END, UNKNOWN

_ACTIVATIONS = {
    Activation.RELU: common_spec.Activation.RELU,
    Activation.SWISH: common_spec.Activation.SWISH,
    Activation.GELU: common_spec.Activation.GELU,
    Activation.GELU_TANH: common_spec.Activation.GELUTanh,
    Activation.GELU_SIGMOID: common_spec.Activation.GELUSigmoid,
}


def build(model: Marian) -> TransformerSpec:
    """Build CTranslate2's specification of a model, in float32.

    The `</s>` after a source is the engine's to add: CTranslate2 adds none.
    """
    spec = TransformerSpec(_encoder(model), _decoder(model))
    spec.register_source_vocabulary(list(model.source_vocabulary))
    spec.register_target_vocabulary(list(model.target_vocabulary))
    spec.config.unk_token = UNKNOWN
    spec.config.eos_token = END
    spec.config.decoder_start_token = model.start or END
    spec.config.add_source_eos = False
    spec.validate()
    return spec


def quantize(spec: TransformerSpec, quantization: str, int8_range: int) -> None:
    """Round the weights of a specification, in place.

    int8 is rounded here, row by row, so that no weight exceeds `int8_range`: at 63, the sum of two
    products of a u8 and an s8 fits the 16 bits in which x86 without VNNI adds them.

    Args:
        spec: as `build` returns it.
        quantization: as CTranslate2 calls it.
        int8_range: the largest magnitude of an int8 weight.
    """
    if quantization != "int8":
        spec.optimize(quantization=quantization)
        return
    spec.optimize(quantization=None)  # equal weights become one
    for name, variable in spec.variables().items():
        scope, _, attribute = name.rpartition("/")
        layer = index_spec(spec, scope)
        if hasattr(layer, f"{attribute}_scale") and not isinstance(variable, str):
            rounded, scale = _rounded(variable.numpy(), int8_range)
            setattr(layer, attribute, NumpyVariable(rounded))
            setattr(layer, f"{attribute}_scale", NumpyVariable(scale))


def _rounded(weight: Floats, largest: int) -> tuple[np.ndarray, Floats]:
    magnitude = np.abs(weight).max(axis=1)
    magnitude[magnitude == 0] = largest
    magnitude = np.maximum(magnitude, largest / np.finfo(np.float32).max)
    scale = (largest / magnitude).astype(np.float32)
    return np.rint(weight * scale[:, None]).astype(np.int8), scale


def _encoder(model: Marian) -> TransformerEncoderSpec:
    spec = TransformerEncoderSpec(
        len(model.encoder),
        model.encoder_heads,
        pre_norm=False,
        activation=_ACTIVATIONS[model.activation],
    )
    _common(spec, spec.embeddings[0], model.source_embedding, model)
    for its, layer in zip(spec.layer, model.encoder, strict=True):
        _self_attention(its.self_attention, layer.attention)
        _feed_forward(its.ffn, layer.feed_forward)
    return spec


def _decoder(model: Marian) -> TransformerDecoderSpec:
    spec = TransformerDecoderSpec(
        len(model.decoder),
        model.decoder_heads,
        pre_norm=False,
        activation=_ACTIVATIONS[model.activation],
    )
    spec.start_from_zero_embedding = model.start is None
    _common(spec, spec.embeddings, model.target_embedding, model)
    for its, layer in zip(spec.layer, model.decoder, strict=True):
        _self_attention(its.self_attention, layer.attention)
        _cross_attention(its.attention, layer.cross)
        _feed_forward(its.ffn, layer.feed_forward)
    _linear(spec.projection, model.output)
    return spec


def _common(
    spec: TransformerEncoderSpec | TransformerDecoderSpec,
    embeddings: common_spec.EmbeddingsSpec,
    weight: Floats,
    model: Marian,
) -> None:
    embeddings.weight = weight
    spec.scale_embeddings = model.scale_embedding
    spec.position_encodings.encodings = sinusoids(model.positions, weight.shape[1])


def _self_attention(spec: MultiHeadAttentionSpec, attention: Attention) -> None:
    _linear(spec.linear[0], _joined(attention.query, attention.key, attention.value))
    _linear(spec.linear[1], attention.output)
    _norm(spec.layer_norm, attention.norm)


def _cross_attention(spec: MultiHeadAttentionSpec, attention: Attention) -> None:
    _linear(spec.linear[0], attention.query)
    _linear(spec.linear[1], _joined(attention.key, attention.value))
    _linear(spec.linear[2], attention.output)
    _norm(spec.layer_norm, attention.norm)


def _feed_forward(spec: FeedForwardSpec, network: FeedForward) -> None:
    _linear(spec.linear_0, network.inner)
    _linear(spec.linear_1, network.outer)
    _norm(spec.layer_norm, network.norm)


def _joined(*layers: Linear) -> Linear:
    return Linear(
        np.concatenate([layer.weight for layer in layers]),
        np.concatenate([layer.bias for layer in layers]),
    )


def _linear(spec: common_spec.LinearSpec, layer: Linear) -> None:
    spec.weight, spec.bias = layer.weight, layer.bias


def _norm(spec: common_spec.LayerNormSpec, norm: LayerNorm) -> None:
    spec.gamma, spec.beta = norm.gamma, norm.beta
