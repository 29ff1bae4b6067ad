"""Which use a licence allows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ondol.policy.licence import combine, judge_licence

USES = ("internal", "commercial", "redistribute")
Y, A, N = "yes", "ask", "no"

TABLE = [
    # name, internal, commercial, redistribute
    ("CC0-1.0", Y, Y, Y),
    ("CC0 1.0 Universal", Y, Y, Y),
    ("https://creativecommons.org/publicdomain/zero/1.0/", Y, Y, Y),
    ("Public Domain", Y, Y, Y),
    ("CC-BY-4.0", Y, Y, Y),
    ("cc by 4.0", Y, Y, Y),
    ("Creative Commons Attribution 4.0 International (CC BY 4.0)", Y, Y, Y),
    ("CC-BY-SA-4.0", Y, Y, Y),
    ("cc by-sa 3.0 unported", Y, Y, Y),
    ("CC-BY-NC-4.0", A, N, A),
    ("CC BY-NC-SA 3.0 KR", A, N, A),
    ("CC-BY-ND-4.0", Y, A, N),
    ("CC-BY-ND-3.0", A, A, N),
    ("CC-BY-NC-ND-4.0", A, N, N),
    ("https://creativecommons.org/licenses/by-nc-nd/4.0/deed.ko", A, N, N),
    ("저작자표시-비영리-변경금지 2.0 대한민국", A, N, N),
    ("크리에이티브 커먼즈 저작자표시 4.0 국제", Y, Y, Y),
    ("Apache-2.0", Y, Y, Y),
    ("apache 2", Y, Y, Y),
    ("Apache License, Version 2.0", Y, Y, Y),
    ("MIT", Y, Y, Y),
    ("The MIT License", Y, Y, Y),
    ("BSD-3-Clause", Y, Y, Y),
    ("New BSD License", Y, Y, Y),
    ("MPL-2.0", Y, Y, Y),
    ("GPL-3.0-or-later", Y, Y, Y),
    ("GPLv3", Y, Y, Y),
    ("LGPL-2.1+", Y, Y, Y),
    ("AGPL-3.0-only", Y, A, Y),
    ("GFDL-1.3-or-later", Y, Y, A),
    ("ODbL-1.0", Y, Y, Y),
    ("OGL-UK-3.0", Y, Y, Y),
    ("공공누리 제0유형", Y, Y, Y),
    ("공공누리 제1유형", Y, Y, Y),
    ("공공누리 제1유형: 출처표시", Y, Y, Y),
    ("공공누리 2유형", A, N, A),
    ("KOGL Type 3", A, A, N),
    ("kogl-4", A, N, N),
    ("공공누리 제4유형 (출처표시+상업적이용금지+변경금지)", A, N, N),
    ("공공누리 제4유형 + AI유형", Y, Y, A),
    ("공공누리", A, A, A),
    ("Korea Open Government License Type 1", Y, Y, Y),
    ("EXAONE AI Model License Agreement 1.1 - NC", A, N, A),
    ("exaone-1.2-nc", A, N, A),
    ("Llama 3.3 Community License", Y, Y, Y),
    ("llama3", A, A, A),
    ("llama2", A, A, A),
    ("gemma", Y, A, A),
    ("bigscience-openrail-m", Y, A, A),
    ("Qwen Research License", A, N, A),
    ("proprietary", Y, A, N),
    ("internal", Y, A, N),
    ("사내 문서", Y, A, N),
    ("All rights reserved", A, A, A),
    ("unknown", A, A, A),
    ("", A, A, A),
    ("NOASSERTION", A, A, A),
    ("My Own Funny Licence 7", A, A, A),
    ("Attribution", A, A, A),
    ("BUSL-1.1", A, A, A),
    ("Terms and Conditions", A, A, A),
    ("MIT/Apache-2.0", A, A, A),
    # expressions
    ("MIT OR GPL-3.0", Y, Y, Y),
    ("CC-BY-NC-4.0 OR Apache-2.0", Y, Y, Y),
    ("CC-BY-NC-4.0 AND Apache-2.0", A, N, A),
    ("mit and cc by-nd 4.0", Y, A, N),
    ("MIT, 공공누리 제2유형", A, N, A),
    ("(CC-BY-NC-4.0 OR Apache-2.0) AND MIT", Y, Y, Y),
    ("CC-BY-NC-4.0 OR Apache-2.0 AND CC-BY-ND-3.0", A, A, A),
    ("Apache-2.0 WITH LLVM-exception", Y, Y, Y),
    ("GPL-2.0-only WITH Classpath-exception-2.0", Y, Y, Y),
    ("MIT WITH Commons-Clause", A, A, A),
    ("CC-BY-4.0 AND unknown", A, A, A),
    ("CC-BY-SA-4.0 AND GPL-3.0", Y, Y, A),
    ("CC-BY-SA-4 AND CC BY-SA 4.0", Y, Y, Y),
    ("MIT AND", A, A, A),
    ("AND", A, A, A),
    ("((MIT OR BSD)", A, A, A),
]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row[0] or "empty")
def test_each_licence_allows_what_its_text_grants(row):
    name, *wanted = row
    assert [judge_licence(name, use).allowed for use in USES] == wanted


@pytest.mark.parametrize(
    ("name", "duty"),
    [
        ("CC-BY-4.0", "attribution"),
        ("CC-BY-SA-4.0", "share-alike: pass on under CC-BY-SA-4.0"),
        ("CC-BY-NC-4.0", "non-commercial"),
        ("MIT", "notice"),
        ("Llama 3.1", "Built with Llama"),
        ("공공누리 제1유형", "attribution"),
    ],
)
def test_a_verdict_names_the_duties(name, duty):
    assert any(duty in found for found in judge_licence(name, "redistribute").duties)


def test_public_domain_owes_nothing_and_what_is_forbidden_has_no_duties():
    assert judge_licence("CC0-1.0", "commercial").duties == ()
    assert judge_licence("CC-BY-NC-4.0", "commercial").duties == ()


def test_a_verdict_gives_its_reason_and_the_name_as_it_was_given():
    verdict = judge_licence("  cc   by-nc 4.0 ", "commercial")
    assert verdict.licence == "cc by-nc 4.0"
    assert "commercial use is forbidden" in verdict.reason


def test_the_strictest_of_many_decides_and_all_duties_are_kept():
    verdict = combine(judge_licence(name, "redistribute") for name in ("CC-BY-4.0", "MIT", "unknown"))
    assert verdict.allowed == "ask"
    assert verdict.reason.startswith("unknown")
    assert len(verdict.duties) == 2
    assert verdict.licence == "CC-BY-4.0 AND MIT AND unknown"


def test_nothing_to_judge_is_no_permission():
    assert combine([]).allowed == "ask"


def test_share_alike_licences_conflict_only_where_the_dataset_is_passed_on():
    names = ("CC-BY-SA-4.0", "GFDL-1.3", "GPL-3.0")
    assert combine(judge_licence(n, "internal") for n in names).allowed == "yes"
    assert combine(judge_licence(n, "redistribute") for n in ("CC-BY-SA-4.0", "GPL-3.0")).allowed == "ask"


KNOWN = st.sampled_from([row[0] for row in TABLE if row[0]])
RANK = {"yes": 0, "ask": 1, "no": 2}


@given(KNOWN, st.sampled_from(USES))
def test_case_spaces_and_hyphens_do_not_matter(name, use):
    verdict = judge_licence(name, use)
    for other in (name.upper(), name.lower(), f"  {name} ", name.replace(" ", "  ")):
        assert judge_licence(other, use).allowed == verdict.allowed


@given(KNOWN, KNOWN, st.sampled_from(USES))
def test_and_is_never_milder_than_its_parts_and_or_never_stricter(first, second, use):
    one, two = (RANK[judge_licence(name, use).allowed] for name in (first, second))
    both = RANK[combine(judge_licence(name, use) for name in (first, second)).allowed]
    assert both >= max(one, two)


@given(st.text(max_size=60), st.sampled_from(USES))
def test_any_text_gets_a_verdict_and_nonsense_is_never_allowed(name, use):
    verdict = judge_licence(name, use)
    assert verdict.reason
    assert judge_licence(f"qq {name} zz9", use).allowed != "yes" or " or " in f" {name.lower()} "
