import pytest

from mujaz.v1 import mujaz_pb2 as pb
from scripted import ScriptedModel, serving, transliterated
from statuses import failure

FIRST = "وصل الوزير الى المدينة."
SECOND = "غادر الرئيس العاصمة."


async def test_n_texts_give_n_translations_in_order() -> None:
    texts = [f"الخبر رقم {number}" for number in range(50)]
    async with serving() as served:
        answer = await served.stub.TranslateText(pb.TranslateTextRequest(texts=texts))
    assert [each.text for each in answer.translations] == [transliterated(each) for each in texts]
    assert answer.model == "scripted"


async def test_sentences_of_a_text_are_joined_by_what_stood_between_them() -> None:
    text = f"{FIRST}  {SECOND}\n\n{FIRST}"
    async with serving() as served:
        answer = await served.stub.TranslateText(pb.TranslateTextRequest(texts=[text]))
    [translation] = answer.translations
    assert translation.text == transliterated(text)
    assert [each.source_text for each in translation.sentences] == [FIRST, SECOND, FIRST]


async def test_sentences_that_touch_are_parted_by_a_space() -> None:
    async with serving() as served:
        answer = await served.stub.TranslateText(pb.TranslateTextRequest(texts=[FIRST + SECOND]))
    assert answer.translations[0].text == f"{transliterated(FIRST)} {transliterated(SECOND)}"


async def test_offsets_count_code_points_of_each_text_as_sent() -> None:
    text = f"  \N{GRINNING FACE} {FIRST}"
    async with serving() as served:
        answer = await served.stub.TranslateText(pb.TranslateTextRequest(texts=[FIRST, text]))
    for source, translation in zip([FIRST, text], answer.translations, strict=True):
        for each in translation.sentences:
            assert source[each.start_offset : each.end_offset] == each.source_text


async def test_alternatives_come_on_request() -> None:
    request = pb.TranslateTextRequest(texts=[FIRST], alternative_count=2)
    async with serving() as served:
        answer = await served.stub.TranslateText(request)
        plain = await served.stub.TranslateText(pb.TranslateTextRequest(texts=[FIRST]))
    assert len(answer.translations[0].sentences[0].alternatives) == 2
    assert not plain.translations[0].sentences[0].alternatives


@pytest.mark.parametrize(
    ("quality", "beam"),
    [
        (pb.QUALITY_FAST, 1),
        (pb.QUALITY_UNSPECIFIED, 2),
        (pb.QUALITY_BALANCED, 2),
        (pb.QUALITY_BEST, 5),
    ],
)
async def test_quality_is_the_width_of_the_beam(quality: pb.Quality.ValueType, beam: int) -> None:
    options = pb.TranslationOptions(quality=quality)
    async with serving() as served:
        await served.stub.TranslateText(pb.TranslateTextRequest(texts=[FIRST], options=options))
        assert [each.beam_size for each in served.model.decodings] == [beam]


@pytest.mark.parametrize(
    ("request_", "fields"),
    [
        pytest.param(pb.TranslateTextRequest(), ["texts"], id="no texts"),
        pytest.param(pb.TranslateTextRequest(texts=[FIRST] * 129), ["texts"], id="129 texts"),
        pytest.param(
            pb.TranslateTextRequest(texts=[FIRST, " \n"]), ["texts[1]"], id="a blank text"
        ),
        pytest.param(
            pb.TranslateTextRequest(texts=[FIRST], alternative_count=-1),
            ["alternative_count"],
            id="a negative count of alternatives",
        ),
        pytest.param(
            pb.TranslateTextRequest(texts=[FIRST], alternative_count=10_000),
            ["alternative_count"],
            id="ten thousand alternatives",
        ),
        pytest.param(
            pb.TranslateTextRequest(
                texts=[],
                alternative_count=9,
                options=pb.TranslationOptions(quality=77),  # type: ignore[arg-type]
            ),
            ["texts", "alternative_count", "options.quality"],
            id="three rules broken at once are told at once",
        ),
    ],
)
async def test_a_broken_rule_is_named(request_: pb.TranslateTextRequest, fields: list[str]) -> None:
    async with serving() as served:
        told = await failure(served.stub.TranslateText(request_))
        assert served.model.started == []
    assert told.code == "INVALID_ARGUMENT"
    assert told.reason == "INVALID_FIELD"
    assert [each.field for each in told.violations] == fields


async def test_an_unknown_model_is_not_found() -> None:
    options = pb.TranslationOptions(model="another")
    request = pb.TranslateTextRequest(texts=[FIRST], options=options)
    async with serving() as served:
        told = await failure(served.stub.TranslateText(request))
    assert (told.code, told.reason) == ("NOT_FOUND", "MODEL_NOT_LOADED")


async def test_a_text_without_arabic_is_refused_only_when_asked() -> None:
    english = pb.TranslateTextRequest(texts=["Good morning."])
    strict = pb.TranslateTextRequest(
        texts=["Good morning."], options=pb.TranslationOptions(require_arabic=True)
    )
    async with serving() as served:
        answer = await served.stub.TranslateText(english)
        told = await failure(served.stub.TranslateText(strict))
        assert served.model.started == []
    [sentence] = answer.translations[0].sentences
    assert (sentence.text, list(sentence.flags)) == (
        "Good morning.",
        [pb.QUALITY_FLAG_PASSED_THROUGH],
    )
    assert not sentence.HasField("score")
    assert (told.code, told.reason) == ("INVALID_ARGUMENT", "NO_ARABIC")


async def test_one_model_is_listed_with_its_limits() -> None:
    async with serving(ScriptedModel(), max_sentences=7) as served:
        answer = await served.stub.ListModels(pb.ListModelsRequest())
        told = await failure(
            served.stub.ListModels(pb.ListModelsRequest(page_size=-1, page_token="made up"))
        )
    [model] = answer.models
    assert (model.name, model.is_default, model.max_sentence_count) == ("scripted", True, 7)
    assert (model.source_language_code, model.target_language_code) == ("ar", "en")
    assert [each.field for each in told.violations] == ["page_size", "page_token"]
