"""Short lists of words, all in the folded spelling of `words.fold` but for `CALENDAR`.

Folding takes the hamza off its seat, so that رئيس stands here as رييس.
"""


def _listed(entries: str) -> frozenset[str]:
    return frozenset(entries.split())


# Words that say nothing of the topic. Arabic ones also stand with their proclitics, since
# stop words are dropped before stemming; the verbs of saying are in every second sentence.
STOP_WORDS = _listed("""
    a about after again against ain all also although am an and any are aren as at be because
    been before being between both but by can could couldn did didn do does doesn doing don down
    during each even for from further had hadn has hasn have haven having he her here hers him
    his how i if in into is isn it its itself just may me might more most must my no nor not now
    of off on once only or other our out over own per said same say says she should shouldn
    since so some such than that the their them then there these they this those through to too
    under until up upon us very was wasn we were weren what when where whether which while who
    whom why will with won would wouldn yet you your

    في من الي علي عن مع بعد قبل عند لدي بين خلال حتي منذ حول دون ضد نحو عبر فوق تحت امام
    ان انه انها انهم كان كانت يكون تكون كانوا ليس ليست لا لم لن ما هل قد لقد هو هي هم هما نحن
    انا هذا هذه ذلك تلك هولا اوليك الذي التي الذين اللذين اللتين كما لكن لكنه اذا اذ لان كي ثم
    او ام بل اي كل بعض غير مثل حيث حين عندما بينما كذلك ايضا فقط هناك هنا به بها له لها لهم
    فيه فيها منه منها عنه عليه عليها اليه اليها وفي ومن والي وعلي وعن ومع وبعد وقبل وان وانه
    وانها وكان وكانت ولا ولم ولن وما وقد وهو وهي وهذا وهذه وذلك والذي والتي والذين وكما ولكن
    واذا وكل بان بانه فان بما مما فيما كانه قال قالت وقال وقالت يقول اضاف واضاف مضيفا واضافت
""")

# Numbers as newswire spells them out.
NUMBER_WORDS = _listed("""
    hundred hundreds thousand thousands million millions billion billions trillion
    ميه ميات مايه ميتين مايتين الف الاف مليون ملايين مليار مليارات
""")

# Arabic has no capitals, but a title announces a name.
TITLES = _listed("""
    الرييس رييس الرييسه رييسه الوزير وزير الوزيره وزيره السيد السيده الدكتور الدكتوره المستشار
    المستشاره الجنرال اللوا العميد العقيد الملك ملك الامير امير الشيخ السفير سفير القايد قايد
    المدير مدير المديره مديره المتحدث المتحدثه الناطق الامين
""")

# Capitalised in English without being the name of anyone or of any place.
CALENDAR = _listed("""
    I Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February March April May
    June July August September October November December
""")

# English names of places of which Arabic has another name, not another spelling; with the folk.
EXONYMS = {
    name: arabic
    for names, arabic in (
        ("algeria algerian algiers", "الجزاير"),
        ("aleppo", "حلب"),
        ("austria austrian", "النمسا"),
        ("brussels", "بروكسل"),
        ("cairo", "القاهره"),
        ("cyprus cypriot", "قبرص"),
        ("damascus", "دمشق"),
        ("egypt egyptian", "مصر"),
        ("euphrates", "الفرات"),
        ("france french", "فرنسا"),
        ("germany german", "المانيا"),
        ("greece greek", "اليونان"),
        ("hungary hungarian", "المجر"),
        ("india indian", "الهند"),
        ("japan japanese", "اليابان"),
        ("jerusalem", "القدس"),
        ("jordan jordanian", "الاردن"),
        ("lebanon lebanese", "لبنان"),
        ("mecca", "مكه"),
        ("morocco moroccan", "المغرب"),
        ("palestine palestinian", "فلسطين"),
        ("spain spanish", "اسبانيا"),
        ("switzerland swiss", "سويسرا"),
        ("tripoli", "طرابلس"),
        ("turkey turkish", "تركيا"),
        ("venice", "البندقيه"),
    )
    for name in names.split()
}

# News agencies as they sign, as alternatives of a pattern.
AGENCIES = "|".join(
    (
        *("ا ?ف ?ب", "ا ?ب", "د ?ب ?ا", "ق ?ن ?ا", "و ?ا ?س", "ا ?ش ?ا", "يو ?بي ?اي", "رويترز"),
        *("(?:وكاله )?فرانس برس", "سانا", "بترا", "وكالات", "الوكالات", "شينخوا", "الاناضول"),
        *("وام", "واس", "كونا", "وفا", "معا", "تاس", "ارنا", "الجزيره نت"),
        *(r"a\.?f\.?p\.?", "ap", "reuters", "dpa", "upi", "xinhua", "wam", "spa", "agencies"),
    )
)
