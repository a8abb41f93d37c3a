"""A key to start with: general botany, without pictures. A bureau must check it for its own region and season."""

from typing import Final

from pipeline.domain.key import STARTER_VERSION, Described, KeyEntry, KeyEntryId, Likeness, Stage

POPPY, CANNABIS = "opium poppy", "cannabis"


def _entry(about: str, likeness: Likeness, stage: Stage, rank: int, *words: str) -> KeyEntry:
    """``words``: name and text in English, then in Chinese."""
    name_en, text_en, name_zh, text_zh = words
    told = Described(
        likeness=likeness,
        about=about,
        stage=stage,
        rank=rank,
        name_en=name_en,
        name_zh=name_zh,
        text_en=text_en,
        text_zh=text_zh,
    )
    plain = name_en.lower().replace("(", "").replace(")", "").replace(",", "").replace(" ", "-")
    return KeyEntry(id=KeyEntryId(f"{plain}-{stage}"), version=STARTER_VERSION, described=told)


def _target(about: str, stage: Stage, rank: int, *words: str) -> KeyEntry:
    return _entry(about, Likeness.TARGET, stage, rank, *words)


def _look_alike(about: str, stage: Stage, rank: int, *words: str) -> KeyEntry:
    return _entry(about, Likeness.LOOK_ALIKE, stage, rank, *words)


STARTER: Final = (
    _target(
        POPPY,
        Stage.SEEDLING,
        10,
        "Opium poppy",
        "Flat rosettes of blue-green, waxy leaves with wavy, toothed edges. Sown by hand the stand is uneven, in "
        "small "
        "beds or strips, later thinned.",
        "罂粟",
        "莲座状，叶蓝绿色、被白粉，边缘波状有齿。人工撒播时出苗不匀，多成小畦或条带，后期间苗。",
    ),
    _target(
        POPPY,
        Stage.LEAF,
        20,
        "Opium poppy",
        "Upright stems of 0.6 to 1.5 m; leaves without stalks clasp the stem. The stand is blue-green to grey-green "
        "beside grass-green crops. Buds hang before they open.",
        "罂粟",
        "茎直立，高 0.6 至 1.5 米；上部叶无柄抱茎。植株呈蓝绿至灰绿色，与周围草绿色作物有别。花蕾开放前下垂。",
    ),
    _target(
        POPPY,
        Stage.FLOWER,
        30,
        "Opium poppy",
        "Single flowers about 10 cm across, four petals, white, pink, red or purple, often dark at the base. A flower "
        "lasts a day or few, the stand some two to three weeks; the colours of a plot are often mixed.",
        "罂粟",
        "花单生，直径约 10 厘米，花瓣 4 枚，白、粉、红或紫色，基部常有深色斑。单花仅开一至数日，全田花期约二至三周，"
        "同一地块常见混色。",
    ),
    _target(
        POPPY,
        Stage.FRUIT,
        40,
        "Opium poppy",
        "Upright round to oval capsules of 2 to 7 cm with a flat, rayed crown, blue-green, later straw-coloured. Cuts "
        "of a knife are seen only in the very finest pictures; their absence tells nothing.",
        "罂粟",
        "蒴果直立，球形至椭圆形，长 2 至 7 厘米，顶端具扁平辐射状柱头盘，初为蓝绿色，后呈草黄色。"
        "割痕仅在极高分辨率影像中可见，不可因未见割痕而排除。",
    ),
    _target(
        POPPY,
        Stage.AFTER,
        50,
        "Opium poppy",
        "Dry, straw-coloured stalks, with capsules or cut off. From a picture alone it is seldom told from other dry "
        "crops: prefer unsure.",
        "罂粟",
        "茎秆干枯呈草黄色，蒴果残留或已割除。仅凭影像很难与其他枯黄作物区分，宜判为“不确定”。",
    ),
    _look_alike(
        POPPY,
        Stage.FLOWER,
        10,
        "Corn poppy",
        "Papaver rhoeas, also grown for show. Scarlet, garden forms pink or white; thin bristly stems, green and "
        "finely "
        "divided leaves, capsules smooth and small (1 to 2 cm). Scattered in cereals, verges and flower meadows.",
        "虞美人",
        "茎细而有刚毛，叶绿色、羽状细裂，花多鲜红，园艺品种有粉、白色，蒴果光滑而小（1 至 2 厘米）。多散生于麦田、"
        "路旁或成片景观花海。",
    ),
    _look_alike(
        POPPY,
        Stage.FLOWER,
        20,
        "Ornamental poppy",
        "Oriental and Iceland poppies: hairy, green, divided leaves; orange, red, yellow or white. Beds along paths, "
        "parks and houses. Garden forms of the opium poppy itself cannot be told from it: confirm what you see.",
        "观赏罂粟类",
        "东方罂粟、冰岛罂粟等：叶绿色、有毛、羽裂，花橙、红、黄或白色。多见于道旁、公园和庭院花坛。"
        "罂粟本种的观赏品种从影像无法区分，按所见判定。",
    ),
    _look_alike(
        POPPY,
        Stage.FLOWER,
        30,
        "Safflower",
        "Carthamus tinctorius. Thistle-like heads of 2 to 4 cm, yellow to orange-red; spiny, shining green leaves. "
        "Large, even fields, mostly in dry regions.",
        "红花",
        "头状花序似蓟，直径 2 至 4 厘米，黄至橙红色；叶绿而有光泽，边缘具刺。多为旱区大面积均匀种植。",
    ),
    _look_alike(
        POPPY,
        Stage.FLOWER,
        40,
        "Potato in flower",
        "Clusters of small (2 to 4 cm) white, pink or violet flowers over dark green feathered leaves; straight rows "
        "on "
        "ridges.",
        "马铃薯（花期）",
        "花小（2 至 4 厘米），成簇，白、粉或紫色；羽状复叶深绿；起垄种植，垄行笔直。",
    ),
    _look_alike(
        POPPY,
        Stage.LEAF,
        50,
        "Cabbage and other brassicas",
        "Blue-green and waxy too, but round heads or broad leaves at even distances in rows; oilseed rape has small "
        "yellow four-petalled flowers in spikes.",
        "甘蓝、油菜等十字花科作物",
        "叶同样蓝绿被粉，但叶球圆整或叶片宽大，株行距均匀；油菜花小、黄色、四瓣，成总状花序。",
    ),
    _look_alike(
        POPPY,
        Stage.FLOWER,
        60,
        "Sunflower",
        "Large yellow heads of 10 to 30 cm on stems of 1 to 3 m, broad heart-shaped leaves, in rows. Dry heads hang.",
        "向日葵",
        "花盘大而黄，直径 10 至 30 厘米，株高 1 至 3 米，叶宽大心形，成行种植；成熟后花盘下垂。",
    ),
    _target(
        CANNABIS,
        Stage.LEAF,
        10,
        "Cannabis",
        "Leaves like a hand, of 5 to 9 narrow toothed leaflets. Tended plants stand apart (often 1 to 3 m) as "
        "separate, "
        "dark green, rounded to conical crowns, in gaps of other crops, in clearings or pots.",
        "大麻",
        "掌状复叶，小叶 5 至 9 枚，狭长有齿。人工管护植株间距大（常为 1 至 3 米），树冠独立，深绿，圆至圆锥形；"
        "常见于其他作物间隙、林间空地或盆栽。",
    ),
    _target(
        CANNABIS,
        Stage.FLOWER,
        20,
        "Cannabis",
        "No petals to be seen. Female plants bear dense, pale green clusters at the ends of shoots, browning when "
        "ripe; "
        "male plants are thinner, with loose hanging panicles, and die first.",
        "大麻",
        "无明显花瓣。雌株枝端花序密集，浅绿色，成熟时转褐；雄株较细高，圆锥花序疏松下垂，先枯死。",
    ),
    _target(
        CANNABIS,
        Stage.AFTER,
        30,
        "Cannabis",
        "Single thick stumps at wide distances, or cut plants laid or hung to dry. Alone it tells little: prefer "
        "unsure.",
        "大麻",
        "稀疏分布的粗茎残桩，或割下平铺、悬挂晾晒的植株。仅此不足为据，宜判为“不确定”。",
    ),
    _look_alike(
        CANNABIS,
        Stage.LEAF,
        10,
        "Industrial hemp",
        "The same species. Fibre hemp is sown densely, even and tall (1.5 to 4 m) over whole fields. No picture tells "
        "whether it is low in THC: look at the licensed growers, and confirm what you see.",
        "工业大麻（汉麻）",
        "与大麻为同一物种。纤维用大麻密植，整田均匀，高 1.5 至 4 米。影像无法判断四氢大麻酚含量：请对照许可种植地块，"
        "并按所见判定。",
    ),
    _look_alike(
        CANNABIS,
        Stage.LEAF,
        20,
        "Kenaf",
        "Hibiscus cannabinus. Leaves like a hand, with 3 to 7 lobes joined at the base; straight stems of 2 to 4 m, "
        "hardly branched, dense. Large pale yellow flowers with a dark red eye.",
        "红麻（洋麻）",
        "叶掌状 3 至 7 裂，裂片基部相连；茎直立少分枝，高 2 至 4 米，密植。花大，淡黄色，中心暗红。",
    ),
    _look_alike(
        CANNABIS,
        Stage.LEAF,
        30,
        "Japanese hop",
        "Humulus scandens, a climbing weed. Leaves like a hand, 5 to 7 lobes; it covers hedges, banks and waste land "
        "as a "
        "carpet without single crowns.",
        "葎草",
        "攀援杂草，叶掌状 5 至 7 裂；成片覆盖灌丛、河岸和荒地，形如地毯，无独立株冠。",
    ),
    _look_alike(
        CANNABIS,
        Stage.LEAF,
        40,
        "Castor bean",
        "Ricinus communis. Shield-like leaves of 20 to 60 cm with 7 to 11 broad lobes, green or red, shining; coarser "
        "than any cannabis leaf.",
        "蓖麻",
        "叶盾形，直径 20 至 60 厘米，掌状 7 至 11 裂，裂片宽，绿或紫红色，有光泽；远比大麻叶粗大。",
    ),
    _look_alike(
        CANNABIS,
        Stage.LEAF,
        50,
        "Weeds such as mugwort",
        "Artemisia and other tall weeds: grey-green, feathered leaves, uneven clumps that run into each other on "
        "edges, "
        "banks and fallows; nothing planted or tended.",
        "蒿类等杂草",
        "蒿属等高大杂草：叶灰绿、羽裂，丛生不均并相互连片，多见于田边、沟坡和撂荒地，无种植或管护痕迹。",
    ),
    _look_alike(
        CANNABIS,
        Stage.LEAF,
        60,
        "Sunflower before flowering",
        "Broad, heart-shaped whole leaves, one stem a plant, in rows at even distances; heads still green.",
        "向日葵（未开花）",
        "叶宽大、心形、不分裂，单茎，株行距均匀；花盘尚为绿色。",
    ),
)
"""Common knowledge of botany, compared with no flora yet, and shortened to what a picture from above can show."""
