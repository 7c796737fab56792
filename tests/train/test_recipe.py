from pathlib import Path

import pytest

from mujaz_models.train.recipe import RecipeError, Stage, Substitution, load, parse

STARTER = Path(__file__).parents[2] / "models" / "starter" / "recipe.toml"
SMALL = """
name = "small"
source_language = "ar"
target_language = "en"
license = "MIT"

[corpora]
news = 4
words = 0.25

[vocabulary]

[model]
width = 16
encoder_layers = 2
encoder_heads = 2
encoder_feed_forward = 32
decoder_layers = 1
decoder_heads = 2
decoder_feed_forward = 32

[bake]
layers = 1
minutes = 1
learning_rate = 1e-3

[[stages]]
name = "only"
tokens = 1000
learning_rate = 1e-3
frozen_layers = 2
batch_tokens = 100
"""


def test_the_recipe_of_the_starter_is_read() -> None:
    recipe = load(STARTER)
    assert recipe.name == "starter"
    assert [stage.name for stage in recipe.stages] == ["decoder", "grow", "news"]
    assert recipe.model.encoder_layers == 8
    assert recipe.corpora["written"] == 4
    assert recipe.substitution is not None
    assert "newswire" in recipe.substitution.of


def test_what_a_recipe_leaves_out_has_its_default() -> None:
    recipe = parse(SMALL)
    assert recipe.seed == 1
    assert recipe.corpora == {"news": 4.0, "words": 0.25}
    assert recipe.vocabulary.target_pieces == 8000
    assert recipe.substitution is None
    assert recipe.stages == (
        Stage("only", learning_rate=1e-3, frozen_layers=2, batch_tokens=100, tokens=1000),
    )


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        pytest.param("seed", "seed", "", id="an unchanged recipe is accepted"),
        pytest.param('license = "MIT"\n', "", "lacks license", id="a missing key"),
        pytest.param(
            'license = "MIT"', 'licence = "MIT"', "unknown keys licence", id="a misspelt key"
        ),
        pytest.param(
            "frozen_layers", "frozen_layer", "unknown keys frozen_layer", id="a misspelt stage key"
        ),
        pytest.param("width = 16", "width = 15", "must be even", id="a width that does not divide"),
        pytest.param(
            "width = 16", 'width = "16"', "of type int, not str", id="a text for a number"
        ),
        pytest.param("width = 16", "width = true", "of type int, not bool", id="a truth value"),
        pytest.param("width = 16", "width = 16.0", "of type int, not float", id="a fraction"),
        pytest.param("tokens = 1000", "", "so many minutes or so many", id="a stage without end"),
        pytest.param(
            "tokens = 1000", "tokens = 9\nminutes = 1", "so many minutes or", id="two ends"
        ),
        pytest.param("tokens = 1000", "tokens = 0", "tokens must be above 0", id="no tokens"),
        pytest.param(
            "tokens = 1000",
            "tokens = 1000\nworkers = 0",
            "workers must be at least 1",
            id="a stage that nobody trains",
        ),
        pytest.param("news = 4", "news = 0", "weight of corpus 'news'", id="a weight of nothing"),
        pytest.param(
            "news = 4", "news = nan", "weight of corpus 'news'", id="a weight that is none"
        ),
        pytest.param(
            "frozen_layers = 2",
            "frozen_layers = 3",
            "freezes 3 of 2 layers",
            id="more frozen layers than there are",
        ),
        pytest.param(
            "frozen_layers = 2",
            "frozen_layers = 1",
            "encoder_learning_rate belongs to those that are free",
            id="free layers without a learning rate",
        ),
        pytest.param(
            "frozen_layers = 2",
            "frozen_layers = 2\nencoder_learning_rate = 1e-4",
            "encoder_learning_rate belongs to those that are free",
            id="a learning rate for frozen layers",
        ),
        pytest.param(
            "batch_tokens = 100",
            'batch_tokens = 100\ncorpora = ["sport"]',
            "reads unknown corpora sport",
            id="a stage of an unknown corpus",
        ),
        pytest.param("layers = 1\nminutes", "layers = 3\nminutes", "bake.layers", id="baking all"),
        pytest.param("minutes = 1", "minutes = 0", "minutes must be above 0", id="no baking"),
        pytest.param("[model]", "[model", "not TOML", id="no TOML"),
        pytest.param("[[stages]]", "[stages]", "of type", id="stages that are a table"),
    ],
)
def test_a_recipe_is_refused_with_what_is_wrong(old: str, new: str, complaint: str) -> None:
    changed = SMALL.replace(old, new, 1)
    if not complaint:
        parse(changed)
        return
    with pytest.raises(RecipeError, match=complaint) as refusal:
        parse(changed)
    assert "\n" not in str(refusal.value) or complaint == "not TOML"


def test_a_second_stage_of_the_same_name_is_refused() -> None:
    stage = SMALL[SMALL.index("[[stages]]") :]
    with pytest.raises(RecipeError, match="a name of its own"):
        parse(SMALL + stage)


def test_a_recipe_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"none\.toml cannot be read"):
        load(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("section", "complaint"),
    [
        pytest.param('of = ["news"]\nname = "words"', "", id="a corpus with a weight"),
        pytest.param('of = ["news"]', "without a weight: substituted", id="no weight"),
        pytest.param('of = ["sport"]\nname = "words"', "weight: sport", id="of an unknown one"),
        pytest.param('of = ["words"]\nname = "words"', "derived of others", id="of itself"),
        pytest.param('of = []\nname = "words"', "derived of others", id="of nothing"),
        pytest.param('of = ["news"]\ntimes = 0', "times must be at least 1", id="no times"),
        pytest.param("times = 1", "lacks of", id="of what is not said"),
        pytest.param('of = "news"', "must be of type", id="a text for a list"),
    ],
)
def test_a_substitution_is_of_corpora_and_has_a_weight(section: str, complaint: str) -> None:
    text = f"{SMALL}\n[substitution]\n{section}\n"
    if not complaint:
        assert parse(text).substitution == Substitution(of=("news",), name="words")
        return
    with pytest.raises(RecipeError, match=complaint):
        parse(text)
