"""Answers of the mock endpoint: well formed for each tool's prompt, and true: sentences of the passage.

Which prompt it is, is read from the prompt itself; a prompt that is not known raises ``ValueError``.
"""

import json
import re

_PLAIN = re.compile(r"Here is a passage of a manual\.\n\n(.*?)\n\n(?:Write |Question: )", re.DOTALL)
_KIT = re.compile(r"Text:\n(.*)", re.DOTALL)
_HUB = re.compile(r"Now, here is the document:\n\[DOCUMENT\]\n(.*)", re.DOTALL)


def answer(body):
    """Return the text of the reply to a chat request."""
    if not body["messages"]:  # Curator looks for rate limits with an empty chat
        return "Hello."
    prompt = "\n".join(read_text(message["content"]) for message in body["messages"])
    for marker, reply in _REPLIES:
        if marker in prompt:
            return reply(body, prompt)
    raise ValueError(f"no answer is known for a prompt that starts with {prompt[:200]!r}")


def read_text(content):
    """Return the text of a message: a string, or a list of parts."""
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


def sentences(text, count=3):
    """Return sentences of the passage, padded with its own pieces when it has fewer."""
    found = [s.strip() for s in re.split(r"(?<=[.!?])\s+|\n+", text) if len(s.strip()) > 40]
    return (found or [text.strip()])[:count]


def pairs(text, count=3):
    """Return a question and the sentence that answers it, for some sentences."""
    made = []
    for sentence in sentences(text, count):
        words = re.findall(r"[\w'-]+", sentence)
        made.append({
            "question": f"What does the manual say about {' '.join(words[:9])}?",
            "answer": sentence,
        })
    return made


def _passage(pattern, prompt):
    return list(pattern.finditer(prompt))[-1][1]


def _write(body, prompt):
    found = pairs(_passage(_PLAIN, prompt))
    if "response_format" in body:
        return json.dumps({"pairs": found})
    return "\n\n".join(f"Question: {pair['question']}\nAnswer: {pair['answer']}" for pair in found)


def _write_one(_, prompt):
    number = int(re.search(r"This is question (\d+) of", prompt)[1])
    found = pairs(_passage(_PLAIN, prompt))
    return f"```json\n{json.dumps(found[min(number, len(found)) - 1])}\n```"


def _judge_designer(_, __):
    return f"```json\n{json.dumps({'score': {'reasoning': 'It is supported.', 'score': 8}})}\n```"


def _hub_questions(_, prompt):
    return "\n\n".join(f"[QUESTION]\n{pair['question']}\n[END]" for pair in pairs(_passage(_HUB, prompt)))


def _hub_answer(_, prompt):
    about = re.search(r"say about (.*)\?", prompt.rsplit("Question:", 1)[1])[1]
    return next(
        (p["answer"] for p in pairs(prompt.split("Document:\n", 1)[1]) if about in p["question"]), about
    )


def _hub_judge(_, __):
    return (
        "[Start of Explanation]\nIt is stated.\n[End of Explanation]\n[Start of Answer]\nYES\n[End of Answer]"
    )


def _kit_rate(_, prompt):
    rated = json.loads(prompt.split("QA pairs to rate:", 1)[1])
    return json.dumps([{**pair, "rating": 8} for pair in (rated if isinstance(rated, list) else [rated])])


def _ondol_write(_, prompt):
    facts = prompt.rsplit("<facts>\n", 1)[1].split("\n</facts>", 1)[0]
    wordings = int((re.search(r"(\d+) questions which", prompt) or ["", "1"])[1])
    items = []
    for number, fact in re.findall(r"^\[(\d+)\] (.*(?:\n(?!\[\d+\] ).*)*)", facts, re.MULTILINE):
        words = re.findall(r"[\w'/-]+", fact)
        about = " ".join(words[: max(2, len(words) // 3)][-6:])
        more = " ".join(words[-max(1, len(words) // 5) :][-3:])
        forms = (
            f"What does one need to know about {about} when it comes to {more}?",
            f"Could you tell me more about {about} and {more}?",
        )
        questions = [forms[n % len(forms)] for n in range(wordings)]
        items.append({"facts": [int(number)], "answer": fact.strip(), "questions": questions})
    return json.dumps({"items": items})


_REPLIES = (
    ("</facts>", _ondol_write),
    ("This is question ", _write_one),
    ("Write 3 different questions", _write),
    (
        "Reply with one number from 1",
        lambda body, _: '{"score": 8}' if "response_format" in body else "8",
    ),
    ("Is the question clear", _judge_designer),
    ("[Start of Explanation]", _hub_judge),
    ("<Insert question here>", _hub_questions),
    ("Answer the question based on the provided document.", _hub_answer),
    ("QA pairs to rate:", _kit_rate),
    (
        "Create question-answer pairs from this text",
        lambda _, prompt: json.dumps(pairs(_passage(_KIT, prompt))),
    ),
    ("Summarize this document", lambda *_: "A manual of a ground control station."),
    ("Jason is 25 years old", lambda *_: json.dumps({"name": "Jason", "age": 25})),
)
