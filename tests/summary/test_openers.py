import pytest

from mujaz_server.summary.features import Language
from mujaz_server.summary.openers import reads_on

# Each opener beside a sentence that is like it and stands alone.
ENGLISH = [
    ("He added that the talks would go on.", "Hellas added that the talks would go on."),
    ("It has fallen to 3 percent.", "It is clear that it has fallen."),
    ("It was late.", "It was the minister who was late."),
    ("It's the third attack.", "It's unlikely that he will go."),
    ("His lawyer denied it.", "His Majesty King Abdullah arrived."),
    ("But the talks failed.", "Butter rose by 3 percent."),
    ("However, the talks failed.", "However hard they tried, the talks failed."),
    ("These talks failed.", "These days talks fail."),
    ("This led to talks.", "This year talks led nowhere."),
    ("In this case talks failed.", "In this year's election talks failed."),
    ("Those talks failed.", "Those who were hurt are in hospital."),
    ("That is a failure.", "That talks failed is clear to the minister."),
    ("After that, talks failed.", "After talks the minister left."),
    ("So the talks failed.", "So far the talks have failed."),
    ("Then talks failed.", "Then-President Bush left."),
    ("Instead, he left.", "Instead of talks there was war."),
    ("As a result, he left.", "As a result of the war he left."),
    ("In addition, he left.", "In addition to bread they sent water."),
    ("Besides, he left.", "Besides bread they sent water."),
    ("For his part, the minister left.", "For part of the day he was away."),
    ("Meanwhile the talks failed.", "Means of payment are scarce."),
    ("Such talks fail.", "Suchet won the prize."),
    ('"It is over," said the minister.', '"The war is over," said the minister.'),
    ('"The war is over," he said.', '"The war is over," the minister said.'),
    ("“We will win”, she told Reuters.", "“We will win”, Ms Falk told Reuters."),
    ("- But the talks failed.", "- The talks failed."),
]
ARABIC = [
    ("وأضاف أن المحادثات مستمرة.", "واضافة الى الخبز ارسلت المياه."),
    ("واضاف الوزير ان الحرب انتهت.", "أضاف البنك فرعا جديدا."),
    ("وتابع قائلا إن الحرب انتهت.", "متابعة الاخبار صعبة."),
    ("كما أكد الوزير ذلك.", "كمال الشناوي ممثل مصري."),
    ("لكن المحادثات فشلت.", "لكنيسة المهد تاريخ طويل."),
    ("ولكن المحادثات فشلت.", "ولكل مواطن صوت."),
    ("من جهته، أكد الوزير ذلك.", "من جهة البحر دخل الجنود."),
    ("ومن جانبه اكد الوزير ذلك.", "من جانب الطريق ظهر رجل."),
    ("بدوره قال الوزير ان الحرب انتهت.", "بدور محمد ممثلة."),
    ("وهو الهجوم الثالث.", "وهواة الصيد كثيرون."),
    ("إنها المرة الاولى.", "إن المحادثات فشلت."),
    ("هذا الهجوم هو الثالث.", "هذا العام وقعت ثلاثة هجمات."),
    ("وهذه هي المرة الاولى.", "هذه السنة فشلت المحادثات."),
    ("وجاء ذلك بعد الهجوم.", "وجاء الوزير بعد الهجوم."),
    ("لذلك فشلت المحادثات.", "لذة الطعام كبيرة."),
    ("وفي المقابل فشلت المحادثات.", "وفي مقابلة مع التلفزيون تحدث الوزير."),
    ("ومع ذلك فشلت المحادثات.", "ومع الوزير وفد كبير."),
    ("إلا أن المحادثات فشلت.", "الاردن يستقبل الوزير."),
    ("أما المحادثات ففشلت.", "أمام المحكمة وقف الوزير."),
    ("ثم فشلت المحادثات.", "ثمن الخبز ارتفع."),
    ("وقال إن الحرب انتهت.", "وقال الوزير إن الحرب انتهت."),
    ('وقال: "الحرب انتهت".', 'وقال الوزير: "الحرب انتهت".'),
    ("وأشار إلى ان الحرب انتهت.", "وأشار الوزير إلى ان الحرب انتهت."),
    ("واكد على ضرورة الحوار.", "واكد علي عبد الله انتهاء الحرب."),
    ("«لكن الحرب انتهت».", "«الحرب انتهت»."),
]


@pytest.mark.parametrize(
    ("language", "dangling", "standing"),
    [*(("en", *pair) for pair in ENGLISH), *(("ar", *pair) for pair in ARABIC)],
)
def test_an_opener_reads_on_and_its_like_does_not(
    language: Language, dangling: str, standing: str
) -> None:
    assert reads_on(dangling, language)
    assert not reads_on(standing, language)


@pytest.mark.parametrize("text", ["", "***", '"' * 100_000, "((" * 50_000 + "x", "but" * 50_000])
@pytest.mark.parametrize("language", ["en", "ar"])
def test_hostile_text_reads_on_from_nothing(text: str, language: Language) -> None:
    assert not reads_on(text, language)
