"""Items are met verbatim, changed, reworded and translated; phrases, and other questions, are not items."""

import gzip
import json
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ondol.core.errors import NotFoundError, WrongUseError
from ondol.core.examples import Example, Provenance
from ondol.core.models import ChatReply, Message
from ondol.forge.decontaminate import BenchmarkItem, Decontaminator, ask_model, load_items
from ondol.forge.recipe import Decontamination
from ondol.text.morphemes import Analyser

ANALYSER = Analyser()
QUESTIONS = {
    1: "A garden pump moves 48 litres in 6 minutes. How many litres does it move in half an hour, if nobody "
    "touches the valve in the meantime?",
    2: "Which of the following statements about copper wire is correct when it is drawn cold?",
    3: "Who wrote the novel?",
    4: "물을 뿌리는 펌프는 6분 동안 48리터를 옮깁니다. 아무도 밸브를 만지지 않는다면 30분 동안 몇 리터를 "
    "옮기나요?",
    5: "거문고는 신라 삼현삼죽 중 하나인가요?",
    6: "Marta sold 320 tickets at 32 dollars and 8 programmes at 1.5 dollars. What did Marta earn?",
    7: "만족입니다",
    8: "What does the front camera of the survey drone record?",
}
ITEMS = [
    BenchmarkItem(file="set.jsonl", line=line, question=question, answer="48" if line == 1 else "")
    for line, question in QUESTIONS.items()
]


class ConstantEmbedder:
    """Finds all texts alike, and so shows that nearness alone convicts nobody."""

    name = fingerprint = "constant"
    dimensions = 2

    def embed(self, texts, *, kind):
        return np.tile(np.array([[1.0, 0.0]], np.float32), (len(texts), 1))


class BilingualEmbedder(ConstantEmbedder):
    """Knows what a few sentences mean, in both languages."""

    dimensions = 200
    MEANINGS = (
        ("cat", "고양이"),
        ("passport", "여권"),
        ("rice|rose|price", "물가"),
        ("engine|motor", "엔진|모터가"),
        ("pump", "펌프"),
        ("novel", "소설"),
    )

    def embed(self, texts, *, kind):
        rows = np.zeros((len(texts), self.dimensions), np.float32)
        for row, text in zip(rows, texts, strict=True):
            for n, words in enumerate(self.MEANINGS):
                if any(word in text.lower() for group in words for word in group.split("|")):
                    row[n] = 1.0
            if row.max() < 1.0:
                row[6 + zlib.crc32(text.encode()) % 190] = 1.0
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def build(items=ITEMS, *, embedder=None, confirm=None, **fields) -> Decontaminator:
    return Decontaminator(
        items, settings=Decontamination(**fields), embedder=embedder, analyser=ANALYSER, confirm=confirm
    )


@pytest.fixture(scope="module")
def gate():
    return build()


@pytest.mark.parametrize("line", QUESTIONS)
def test_every_item_is_met_verbatim(gate, line):
    for question in (QUESTIONS[line], QUESTIONS[line].upper(), QUESTIONS[line].replace(" ", "  ") + " "):
        verdict = gate.judge_text(question, "An answer.")
        assert not verdict.passed
        assert verdict.check == "contamination_ngram"
        assert f"set.jsonl:{line}" in verdict.detail


@pytest.mark.parametrize(
    ("question", "answer", "check", "line"),
    [
        ("Please solve: " + QUESTIONS[1] + " Show each step.", "240", "ngram", 1),
        ("Repeat this to me.", QUESTIONS[1], "ngram", 1),
        (QUESTIONS[1].replace("garden pump", "water pump").replace("nobody", "no one"), "", "ngram", 1),
        ("다음 문제를 풀어 주세요. " + QUESTIONS[4].replace("동안", "간"), "", "ngram", 4),
        ("거문고는 신라의 삼현삼죽 중 하나입니까?", "네.", "meaning", 5),
        ("What would the survey drone's front camera record?", "The ground.", "meaning", 8),
        (
            "마르타는 320장의 표를 32달러에, 8권의 책자를 1.5달러에 팔았다. 얼마를 벌었나?",
            "",
            "translation",
            6,
        ),
    ],
)
def test_an_item_is_met_in_another_form(gate, question, answer, check, line):
    verdict = gate.judge_text(question, answer)
    assert (verdict.check, verdict.passed) == (f"contamination_{check}", False)
    assert verdict.detail.endswith(f"set.jsonl:{line}.")


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Which of the following statements about steel rope is correct?", "It is stiff."),
        ("A garden pump moves 12 litres an hour. What does a barrel of 90 litres hold?", "90"),
        ("Who wrote the manual for the survey drone?", "Nobody knows who wrote the novel manual."),
        ("이 서비스에 만족입니다라고 말한 사람은 누구인가요?", "손님입니다."),
        ("What does the rear camera of the survey drone record?", "The sky."),
        ("가야금은 언제 만들어졌나요?", "가야 시대에 만들어졌습니다."),
        ("표 32장은 얼마인가요?", "320달러입니다."),
        ("", ""),
    ],
)
def test_what_shares_a_phrase_or_a_number_passes(gate, question, answer):
    verdict = gate.judge_text(question, answer)
    assert verdict.passed, verdict
    assert build(embedder=ConstantEmbedder()).judge_text(question, answer).passed


def test_what_many_items_share_gives_none_away():
    preamble = (
        "For which of these scenes does the speaker who says I do something clearly wrong by usual measures?"
    )
    items = [
        BenchmarkItem(
            file="s", line=n, question=f"{preamble} In scene {n} there is a thing{n} x{n} y{n} z{n}."
        )
        for n in range(9)
    ]
    gate = build(items)
    assert gate.judge_text(f"{preamble} In this one there is a dog.").passed
    assert not gate.judge_text(items[4].question).passed


def test_a_document_quoted_by_both_question_and_answer_is_no_contamination():
    phrase = "the vehicle is disconnected from the ground control station during an automatic mission"
    item = BenchmarkItem(
        file="own", line=1, question=f"How many seconds after {phrase} does it turn back, and what is logged?"
    )
    gate = build([item])
    assert gate.judge_text("Why is a beep heard?", f"It is heard when {phrase}.").passed
    assert not gate.judge_text(f"What is seen on the display when {phrase}?").passed


def make(question: str, answer: str, *, book: str = "closed") -> Example:
    return Example(
        id="exm_1",
        messages=(Message(role="user", content=question), Message(role="assistant", content=answer)),
        kind="qa",
        book=book,
        language="en",
        topic="",
        group="g",
        label="open",
        licences=(),
        provenance=Provenance(evidence=(), writer="frames"),
        verdicts=(),
    )


def test_an_open_book_question_is_judged_without_its_passages(gate):
    shown = f"[Document 1] A\n{QUESTIONS[1]}\n\nQuestion: "
    assert gate.judge(make(f"{shown}Where is the lamp?", "In the hall.", book="open")).passed
    assert not gate.judge(make(f"{shown}{QUESTIONS[3]}", "Nobody.", book="open")).passed


def test_preparing_changes_no_verdict():
    gate = build(embedder=BilingualEmbedder())
    examples = [
        make(question, "A lamp.")
        for question in (*QUESTIONS.values(), "Where is it?", "그 소설은 누가 썼나요?")
    ]
    before = [gate.judge(example) for example in examples]
    gate.prepare(examples)
    assert [gate.judge(example) for example in examples] == before
    gate.prepare([])


def test_a_model_may_confirm_what_is_near():
    asked = []

    class Chat:
        profile = None

        def complete(self, request):
            asked.append(request.messages[0].content)
            return ChatReply(text="No, it is another matter.", model="m")

    question = "What would the survey drone's front camera record?"
    assert not build(confirm=lambda *_: True).judge_text(question).passed
    assert build(confirm=ask_model(Chat())).judge_text(question).passed
    assert question in asked[0]


def test_a_multilingual_embedder_meets_translations():
    gate = build(embedder=BilingualEmbedder())
    assert gate.judge_text("그 소설은 누가 썼나요?").check == "contamination_translation"
    assert gate.judge_text("그 그림은 누가 그렸나요?").passed


def test_without_items_all_pass():
    assert build([]).judge_text("What is it?", "A lamp.").passed


def test_items_are_counted_by_file_and_repeats_once():
    gate = build([*ITEMS, *ITEMS])
    assert len(gate) == len(ITEMS)
    assert gate.num_items == {"set.jsonl": len(ITEMS)}


WORDS = st.lists(
    st.sampled_from([f"{a}{b}" for a in "bdklmnr" for b in ("at", "one", "ump")]), min_size=9, max_size=40
)


@given(st.lists(WORDS, min_size=1, max_size=8))
@settings(max_examples=60, deadline=None)
def test_a_verbatim_item_is_met_wherever_it_stands(questions):
    items = [BenchmarkItem(file="f", line=n, question=" ".join(words)) for n, words in enumerate(questions)]
    gate = Decontaminator(items, settings=Decontamination(), embedder=None, analyser=None)
    for item in items:
        assert not gate.judge_text(item.question).passed
        assert not gate.judge_text(f"please solve {item.question} thank you").passed


LAYOUTS = {
    "gsm8k.jsonl": (
        '{"question": "How many?", "answer": "Four.\\n#### 4"}\n\n',
        "How many?",
        "Four.\n#### 4",
        (),
    ),
    "mmlu.csv": ('"What is it, then?",a lamp,a cat,a pump,a tree,C\n', "What is it, then?", "a pump", 4),
    "truthful.csv": ("Type,Question,Best Answer\nx,Is it so?,No\n", "Is it so?", "No", 0),
    "truthful.json": ('[{"question": "Is it so?", "mc1_targets": {"No": 1, "Yes": 0}}]', "Is it so?", "", 2),
    "boolq.tsv": ("ID\tText\tQuestion\tAnswer\n1\tlong\t맞나요?\tTrue\n", "맞나요?", "True", 0),
    "copa.tsv": (
        "ID\tsentence\tquestion\t1\t2\tAnswer\n1\t비가 왔다.\t결과\t젖었다\t말랐다\t1\n",
        "비가 왔다.\n결과",
        "젖었다",
        2,
    ),
    "nli.json": ('[{"premise": "가", "hypothesis": "나", "gold_label": "x"}]', "가\n나", "", 0),
    "ner.tsv": (
        "## a\n## klue-1\t<경찰:OG>은 또 자금을 관리했다.\n경\tB-OG\n",
        "경찰은 또 자금을 관리했다.",
        "",
        0,
    ),
    "ifeval.jsonl": ('{"key": 1, "prompt": "Write it.", "kwargs": [{}]}\n', "Write it.", "", 0),
    "mt.jsonl": ('{"question_id": 8, "turns": ["First.", "Second."]}\n', "First.\nSecond.", "", 0),
    "squad.json": (
        '{"data": [{"paragraphs": [{"context": "c", "qas": [{"question": "Who?", '
        '"answers": [{"text": "He"}]}]}]}]}',
        "Who?",
        "He",
        0,
    ),
    "arc.jsonl": (
        '{"question": {"stem": "Which?", "choices": [{"text": "a b", "label": "A"}, '
        '{"text": "c d", "label": "B"}]}}\n',
        "Which?",
        "",
        2,
    ),
    "chat.jsonl": (
        '{"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "Ask?"}, '
        '{"role": "assistant", "content": "Said."}]}\n',
        "Ask?",
        "",
        0,
    ),
    "alpaca.json": ('[{"instruction": "Sort.", "input": "b a", "output": "a b"}]', "Sort.\nb a", "a b", 0),
    "plain.txt": ("\ufeffWhat is it?\n\n", "What is it?", "", 0),
    "strings.json": ('["What is it?"]', "What is it?", "", 0),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_common_layouts_are_read(tmp_path, name):
    text, question, answer, choices = LAYOUTS[name]
    (tmp_path / name).write_text(text, encoding="utf-8")
    (item,) = load_items([tmp_path / name])
    assert (item.question, item.answer) == (question, answer)
    assert len(item.choices) == (choices or 0)
    assert item.file == name
    assert item.line >= 1


def test_folders_are_read_to_the_bottom_gzipped_files_too(tmp_path):
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/LICENSE.txt").write_text("All rights.")
    (tmp_path / "a/b/one.txt").write_text("First?\nSecond?\n")
    with gzip.open(tmp_path / "a/two.jsonl.gz", "wt", encoding="utf-8") as out:
        out.write(json.dumps({"prompt": "Third?"}))
    items = list(load_items([str(tmp_path / "a")]))
    assert [(i.name, i.question) for i in items] == [
        ("a/b/one.txt:1", "First?"),
        ("a/b/one.txt:2", "Second?"),
        ("a/two.jsonl.gz:1", "Third?"),
    ]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.jsonl", b'{"question": ', "cannot be read"),
        ("x.json", b'{"rows": 3}', "No question"),
        ("x.csv", b"", "No question"),
        ("x.txt", b"\xff\xfe\xfa", "cannot be read"),
        ("x.jsonl.gz", b"no gzip", "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(WrongUseError, match=message):
        list(load_items([tmp_path / name]))


def test_a_missing_path_and_an_empty_folder_are_errors(tmp_path):
    with pytest.raises(NotFoundError, match=r"no evaluation set .*nowhere"):
        list(load_items([tmp_path / "nowhere"]))
    with pytest.raises(WrongUseError, match="No evaluation file"):
        list(load_items([tmp_path]))
