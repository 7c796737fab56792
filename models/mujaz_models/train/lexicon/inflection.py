"""Inflecting English words: the past, the third person and the plural, or None where in doubt.

Regular spelling rules and short tables of irregular words cover most of a dictionary. Where they
do not decide, such as whether `benefit` doubles its last letter, the form is left out.
"""

import re
from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _table(text: str) -> dict[str, str]:
    return dict(entry.split(":") for entry in text.split())


_CONSONANT_O: Final = re.compile(r"[^aeiou]o$")
_SIBILANT: Final = re.compile(r"(s|x|z|ch|sh)$")
_CONSONANT_Y: Final = re.compile(r"[^aeiou]y$")
_DOUBLING: Final = re.compile(r"^([^aeiou]|qu)*[aeiou][^aeiouwxy]$")
"""One syllable, one vowel, one consonant: `stop`, `squat`."""
_VOWEL_C: Final = re.compile(r"[aeiou]c$")
_UNDECIDED: Final = re.compile(r"[^aeiou][aeiou][bdfglmnprt]$")
"""Longer words of that ending double it where they are stressed on it: `commit`, not `visit`."""
_UNSTRESSED: Final = re.compile(r"(en|er|on|it|ip|op|et|el|ish|om)$")
_STRESSED: Final = _words(
    "abet abhor abut acquit admit allot annul commit compel concur confer control corral defer"
    " demur deter disinter dispel distil emit enrol enthral entrap equip excel expel extol impel"
    " incur infer instil inter occur omit patrol permit prefer propel rebel rebut recur refer"
    " regret remit repel submit transfer transmit unplug"
)
_PASTS: Final = _table(
    "be:was arise:arose awake:awoke bear:bore beat:beat become:became befall:befell beget:begot"
    " begin:began behold:beheld bend:bent bet:bet bid:bid bind:bound bite:bit bleed:bled"
    " blow:blew break:broke breed:bred bring:brought broadcast:broadcast build:built burst:burst"
    " buy:bought cast:cast catch:caught choose:chose cling:clung come:came cost:cost creep:crept"
    " cut:cut deal:dealt dig:dug do:did draw:drew drink:drank drive:drove eat:ate fall:fell"
    " feed:fed feel:felt fight:fought find:found flee:fled fling:flung fly:flew forbid:forbade"
    " forecast:forecast foresee:foresaw foretell:foretold forget:forgot forgive:forgave"
    " forsake:forsook freeze:froze get:got give:gave go:went grind:ground grow:grew have:had"
    " hear:heard hide:hid hit:hit hold:held hurt:hurt keep:kept know:knew lay:laid lead:led"
    " leave:left lend:lent let:let lose:lost make:made mean:meant meet:met mislead:misled"
    " mistake:mistook misunderstand:misunderstood outdo:outdid overcome:overcame overdo:overdid"
    " overhear:overheard override:overrode overrun:overran oversee:oversaw overtake:overtook"
    " overthrow:overthrew pay:paid put:put quit:quit read:read rebuild:rebuilt redo:redid"
    " remake:remade rend:rent repay:repaid reset:reset retell:retold rethink:rethought"
    " rewrite:rewrote rid:rid ride:rode ring:rang rise:rose run:ran say:said see:saw seek:sought"
    " sell:sold send:sent set:set shake:shook shed:shed shoot:shot show:showed shrink:shrank"
    " shut:shut sing:sang sink:sank sit:sat slay:slew sleep:slept slide:slid slink:slunk"
    " slit:slit smite:smote sow:sowed speak:spoke spend:spent spin:spun split:split spread:spread"
    " spring:sprang stand:stood steal:stole stick:stuck sting:stung stink:stank stride:strode"
    " strike:struck string:strung strive:strove swear:swore sweep:swept swell:swelled swim:swam"
    " swing:swung take:took teach:taught tear:tore tell:told think:thought throw:threw"
    " thrust:thrust tread:trod undergo:underwent understand:understood undertake:undertook"
    " undo:undid unwind:unwound uphold:upheld upset:upset wear:wore weave:wove weep:wept win:won"
    " wind:wound withdraw:withdrew withhold:withheld withstand:withstood wring:wrung write:wrote"
)
_IN_DOUBT: Final = _words(
    "abide beware bless can dare dwell fit forgo lie light may must need ought shall should sweat"
    " wake wed wet will would"
)
"""Verbs of two pasts, or of none."""
_PLURALS: Final = _table(
    "analysis:analyses axis:axes basis:bases buffalo:buffaloes calf:calves child:children"
    " crisis:crises cargo:cargoes echo:echoes elf:elves embargo:embargoes foot:feet goose:geese"
    " half:halves hero:heroes hypothesis:hypotheses kilo:kilos knife:knives leaf:leaves"
    " life:lives loaf:loaves louse:lice memo:memos mosquito:mosquitoes mouse:mice oasis:oases"
    " ox:oxen photo:photos piano:pianos potato:potatoes shelf:shelves thesis:theses"
    " thief:thieves tomato:tomatoes tooth:teeth torpedo:torpedoes veto:vetoes virus:viruses"
    " volcano:volcanoes wife:wives wolf:wolves bus:buses campus:campuses chorus:choruses"
    " bonus:bonuses status:statuses circus:circuses gas:gases lens:lenses atlas:atlases"
)
_ING_COUNTED: Final = _words(
    "building ceiling drawing earring feeling gathering hearing meeting offering painting ring"
    " king reading ruling saying setting string uprising wedding wing warning blessing being thing"
    " opening beginning spring hanging covering landing listing filling tracing"
)
_UNCOUNTED: Final = _words(
    "advice anger attire baggage beauty bread butter cattle clothing corn cotton courage dung dust"
    " enmity equipment evidence fish food furniture gold grass grief happiness harm help homework"
    " honey hunger information iron jewelry joy knowledge laughter linen luck luggage machinery"
    " milk money moss mud music news patience peace people police poultry poverty progress rain"
    " rice rubbish safety salt sand sheep silk silver snow soap sorrow straw sugar traffic trash"
    " truth violence water wealth weather weeping wheat wool work"
)
_NO_NUMBER: Final = re.compile(r"(ness|ism|hood|ship|ics|ous|ia|cy|ity|ance|ence|tude)$")
_MAN: Final = re.compile(r"(?<!hu)(?<!ger)(?<!ro)(?<!otto)(?<!talis)(?<!sha)man$")
_PLAIN: Final = re.compile(r"[a-z]{2,}(-[a-z]+)?")
_IRREGULAR_NOUN: Final = re.compile(r"([^s]s|f|fe|[^aeiou]o|ix|ex|um|on|a|zz|z)$")
_REGULAR_ON: Final = re.compile(r"(ion|son|ton|oon|gon|eon|don|mon|con|pon|ron)$")


def past(verb: str) -> str | None:
    """Return the past of a verb in its base form, of `be` the singular; None where in doubt."""
    if verb in _PASTS:
        return _PASTS[verb]
    if verb in _IN_DOUBT or not _PLAIN.fullmatch(verb):
        return None
    if verb.endswith("e"):
        return f"{verb}d"
    if _CONSONANT_Y.search(verb):
        return f"{verb[:-1]}ied"
    return None if (stem := _before_ed(verb)) is None else f"{stem}ed"


def _before_ed(verb: str) -> str | None:
    if _DOUBLING.match(verb) or verb in _STRESSED:
        return verb + verb[-1]
    if _UNDECIDED.search(verb) and not _UNSTRESSED.search(verb):
        return None
    return f"{verb}k" if _VOWEL_C.search(verb) else verb


def third_person(verb: str) -> str | None:
    """Return what he does, of a verb in its base form; None where in doubt."""
    if verb in {"be", "have"}:
        return {"be": "is", "have": "has"}[verb]
    if verb in _IN_DOUBT - {"lie", "dwell", "fit", "need", "wake"} or not _PLAIN.fullmatch(verb):
        return None
    return f"{verb}es" if _CONSONANT_O.search(verb) else _with_s(verb)


def plural(noun: str) -> str | None:
    """Return the plural of a noun or of two whose last is the head; None where in doubt.

    What seems to be a plural already, or is not counted, has none.
    """
    *rest, head = noun.split(" ") if noun else [""]
    made = _plural_of_word(head)
    return None if made is None or len(rest) > 1 else " ".join([*rest, made])


def _plural_of_word(noun: str) -> str | None:
    if noun in _PLURALS:
        return _PLURALS[noun]
    if not _PLAIN.fullmatch(noun) or noun in _UNCOUNTED or _NO_NUMBER.search(noun):
        return None
    if noun.endswith("ing") and noun not in _ING_COUNTED:
        return None
    if _MAN.search(noun):
        return f"{noun[:-3]}men"
    if _IRREGULAR_NOUN.search(noun) and not _REGULAR_ON.search(noun):
        return None
    return _with_s(noun)


def _with_s(word: str) -> str:
    if _CONSONANT_Y.search(word):
        return f"{word[:-1]}ies"
    return f"{word}es" if _SIBILANT.search(word) else f"{word}s"
