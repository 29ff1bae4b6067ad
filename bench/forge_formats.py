"""Does a dataset folder load unchanged in ``datasets``, TRL and LLaMA-Factory?

Writes a folder with our own models and writers: Korean and English, single question, dialogue, open book,
table, “not in the documents” without evidence, documents without pages, recall and retention; and a large one
whose lists are empty for the first 12 MB, where a reader that guesses the schema goes wrong. Then each tool,
in its own environment and without network, reads the folder and takes one training step with a tiny random
model on the CPU.

    .venv/bin/python bench/forge_formats.py
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

NAME = "formats-check"
STEPS = {
    "forge_trl": [["torch==2.13.0"], ["datasets==5.2.0", "trl==1.16.0"]],
    "forge_llamafactory": [["llamafactory==0.9.5"]],
}
LARGE_BYTES = 12_000_000
OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "CUDA_VISIBLE_DEVICES": "",
}


# What our side writes.


def build_examples() -> dict:
    from ondol.core.examples import Evidence, Example, Passage, Provenance, RetentionExample, Verdict
    from ondol.core.models import Message

    texts = {
        "en": ("The vehicle lands when the battery is at 15 %.", "When does the vehicle land?"),
        "ko": ("배터리가 15 %이면 기체가 착륙합니다.", "기체는 언제 착륙하나요?"),
    }

    def passage(language: str, page: int) -> Passage:
        return Passage(
            document="doc_" + "0" * 24,
            uri=f"file:///manual/{language}/배터리.md",
            title="Battery | “배터리”",
            chunk_id="chk_" + "1" * 24,
            ordinal=0,
            page=page,
            start=7,
            text=texts[language][0],
            context="Power > Failsafe",
            language=language,
            licence="CC-BY-4.0",
            label="sensitive+hr",
        )

    def example(
        at: int, kind: str, language: str, *, book: str = "closed", turns: int = 1, page: int = 0
    ) -> Example:
        answer, question = texts[language]
        evidence: tuple[Evidence, ...] = ()
        if kind != "not_in_documents":
            evidence = (passage(language, page).cite(0, len(answer)),)
        messages: list[Message] = []
        if book == "open":
            messages.append(Message(role="system", content="Answer from the documents only."))
        for turn in range(turns):
            shown = f"[1] {answer}\n\n{question}" if book == "open" else f"{question} ({at}.{turn})"
            messages += [Message(role="user", content=shown), Message(role="assistant", content=answer)]
        return Example(
            id=f"exm_{at:024x}",
            messages=tuple(messages),
            kind=kind,
            book=book,
            language=language,
            topic="배터리" if language == "ko" else "Battery",
            group=f"grp_{at:024x}",
            label="sensitive+hr",
            licences=("CC-BY-4.0",) if evidence else (),
            provenance=Provenance(
                evidence=evidence,
                facts=("fct_1",) if evidence else (),
                writer="frames" if at % 2 else "model",
                model="" if at % 2 else "some-model",
                calls=() if at % 2 else ("call_1",),
                wording=at % 3,
            ),
            verdicts=(
                Verdict(check="quotation", passed=True, score=1),
                Verdict(check="language", passed=True),
            ),
        )

    kinds = [("qa", 1), ("dialogue", 3), ("not_in_documents", 1), ("table", 1), ("list", 1)]
    train = [
        example(100 * k + 2 * n + (language == "ko"), kind, language, turns=turns, book=book, page=n)
        for k, (kind, turns) in enumerate(kinds)
        for n, book in enumerate(("closed", "open"))
        for language in ("en", "ko")
    ]
    return {
        "train": train,
        # A file in which one list is empty in every line.
        "validation": [example(901, "not_in_documents", "ko"), example(903, "not_in_documents", "en")],
        "test": [example(911, "qa", "ko", book="open"), example(912, "qa", "en", book="open", page=3)],
        "recall": [example(921, "qa", "en"), example(922, "qa", "ko")],
        "retention": [
            RetentionExample(
                id="ret_1",
                messages=(
                    Message(role="user", content="인사해 줘."),
                    Message(role="assistant", content="안녕하세요!"),
                ),
                language="ko",
                source="pool",
                model="trainee",
            )
        ],
    }


def write_folder(home: Path, rows: dict, *, large: bool = False) -> Path:
    """Write a dataset as a run does: rows by the store, card and entries for loaders beside them."""
    from ondol.core.access import LOCAL_PRINCIPAL
    from ondol.core.clock import utc_now
    from ondol.forge.card import CardInput, RetentionSummary, SplitSummary, build_card, build_pictures
    from ondol.forge.loaders import CARD_FILE, DATASET_INFO_FILE, build_dataset_info
    from ondol.store.datasets import Datasets

    examples = {name: list(found) for name, found in rows.items() if name != "retention"}
    if large:
        # Code writes first (no calls, no evidence here), a model's lines come last.
        bare = [e for e in examples["train"] if not e.provenance.calls and not e.provenance.evidence]
        size = sum(len(e.model_dump_json()) for e in bare)
        examples["train"] = bare * (LARGE_BYTES // size + 1) + [e for e in examples["train"] if e not in bare]
    datasets = Datasets(home, clock=utc_now)
    with datasets.create(NAME) as writer:
        for split, found in examples.items():
            for example in found:
                writer.add(split, example)
        for kept in rows["retention"]:
            writer.add_retention(kept)
        card = CardInput(
            name=NAME,
            languages=("en", "ko"),
            intended_use="internal",
            target=1,
            accepted=sum(map(len, examples.values())),
            drafts=sum(map(len, examples.values())),
            splits=tuple(
                SplitSummary(split=split, examples=dict(Counter(e.kind for e in found)), documents=1)
                for split, found in examples.items()
            ),
            retention=RetentionSummary(model="trainee", examples=len(rows["retention"])),
            samples=tuple(examples["test"]),
        )
        writer.add_file(CARD_FILE, build_card(card))
        for name, picture in build_pictures(card).items():
            writer.add_file(f"pictures/{name}", picture)
        writer.add_file(DATASET_INFO_FILE, build_dataset_info(NAME, list(examples), retention=True))
        writer.finish()
    return datasets.locate(NAME, principal=LOCAL_PRINCIPAL)


# What runs in the tools' environments.


def make_tiny_model(folder: Path, texts: list[str]) -> None:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import AutoModelForCausalLM, LlamaConfig, PreTrainedTokenizerFast

    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    core.train_from_iterator(
        texts, trainers.BpeTrainer(vocab_size=600, special_tokens=special, initial_alphabet=alphabet)
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=core, eos_token="<|im_end|>", pad_token="<|endoftext|>", model_max_length=1024
    )
    tokenizer.chat_template = (
        "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n"
        "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=1024,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def read_lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def check_datasets(folder: Path, large: Path) -> list[dict]:
    import datasets

    data = datasets.load_dataset(str(folder))
    features = {split: part.features for split, part in data.items()}
    same = len({json.dumps(f.to_dict(), sort_keys=True) for f in features.values()}) == 1
    equal = all(list(part) == read_lines(folder / f"{split}.jsonl") for split, part in data.items())
    retention = datasets.load_dataset(str(folder), "retention", split="train")
    big = datasets.load_dataset(str(large), split="train")
    lines = sum(1 for _ in (large / "train.jsonl").open(encoding="utf-8"))
    rows = [
        {
            "tool": f"datasets {datasets.__version__}",
            "what": "load_dataset(folder)",
            "ok": same and equal and set(data) == {"train", "validation", "test", "recall"},
            "detail": f"splits {sorted(data)}; same features {same}; rows equal to the lines {equal}",
        },
        {
            "tool": f"datasets {datasets.__version__}",
            "what": "load_dataset(folder, 'retention')",
            "ok": list(retention) == read_lines(folder / "retention.jsonl"),
            "detail": f"{len(retention)} rows",
        },
        {
            "tool": f"datasets {datasets.__version__}",
            "what": "another folder of this name; 12 MB of empty lists first",
            "ok": len(big) == lines and big[len(big) - 1]["provenance"]["evidence"] != [],
            "detail": f"{len(big)} rows",
        },
    ]
    streamed = datasets.load_dataset(str(folder), split="recall", streaming=True)
    rows.append({
        "tool": f"datasets {datasets.__version__}",
        "what": "streaming",
        "ok": list(streamed) == read_lines(folder / "recall.jsonl"),
        "detail": "recall",
    })
    try:
        opened = datasets.load_from_disk(str(folder))
    except FileNotFoundError:
        opened = datasets.load_dataset(str(folder), name=None, split="train", streaming=False)
    rows.append({
        "tool": f"datasets {datasets.__version__}",
        "what": "load_from_disk, then load_dataset, as Axolotl opens a folder",
        "ok": list(opened) == read_lines(folder / "train.jsonl"),
        "detail": f"{len(opened)} rows",
    })
    try:
        datasets.load_dataset("json", data_files=str(large / "train.jsonl"), split="train")
        guessed = "loads as well"
    except datasets.exceptions.DatasetGenerationError as error:
        guessed = f"fails ({type(error).__name__}): the schema in the head is needed"
    rows.append({
        "tool": f"datasets {datasets.__version__}",
        "what": "the same file without our head",
        "ok": None,
        "detail": guessed,
    })
    return rows


def check_trl(folder: Path, work: Path) -> list[dict]:
    import datasets
    import trl

    data = datasets.load_dataset(str(folder))
    model = work / "tiny"
    texts = [m["content"] for row in data["train"] for m in row["messages"]]
    make_tiny_model(model, texts)
    arguments = trl.SFTConfig(
        output_dir=str(work / "out"),
        max_steps=1,
        per_device_train_batch_size=2,
        report_to=[],
        use_cpu=True,
        max_length=512,
        save_strategy="no",
        eval_strategy="steps",
        eval_steps=1,
    )
    trainer = trl.SFTTrainer(
        model=str(model), args=arguments, train_dataset=data["train"], eval_dataset=data["validation"]
    )
    tokens = trainer.train_dataset[0]["input_ids"]
    text = trainer.processing_class.decode(tokens)
    result = trainer.train()
    first = data["train"][0]["messages"]
    return [
        {
            "tool": f"trl {trl.__version__}",
            "what": "SFTTrainer, one step",
            "ok": all(m["content"] in text for m in first) and result.training_loss > 0,
            "detail": f"{len(trainer.train_dataset)} examples, loss {result.training_loss:.3f}",
        }
    ]


def check_llamafactory(folder: Path, large: Path, work: Path) -> list[dict]:
    from importlib.metadata import version

    from llamafactory.data import get_dataset, get_template_and_fix_tokenizer
    from llamafactory.hparams import get_train_args
    from llamafactory.model import load_tokenizer
    from llamafactory.train.tuner import run_exp

    tool = f"llamafactory {version('llamafactory')}"
    model = work / "tiny"
    lines = read_lines(folder / "train.jsonl")
    make_tiny_model(model, [m["content"] for row in lines for m in row["messages"]])

    def arguments(dataset_dir: Path, dataset: str) -> dict:
        return {
            "stage": "sft",
            "do_train": True,
            "finetuning_type": "full",
            "model_name_or_path": str(model),
            "dataset_dir": str(dataset_dir),
            "dataset": dataset,
            "template": "chatml",
            "cutoff_len": 512,
            "output_dir": str(work / "out"),
            "overwrite_output_dir": True,
            "max_steps": 1,
            "per_device_train_batch_size": 2,
            "report_to": "none",
            "use_cpu": True,
            "save_strategy": "no",
            "trust_remote_code": False,
        }

    rows = []
    every = [NAME, f"{NAME}_validation", f"{NAME}_test", f"{NAME}_recall", f"{NAME}_retention"]
    for where, names in ((folder, every), (large, [NAME])):
        for name in names:
            model_args, data_args, training_args, _, _ = get_train_args(arguments(where, name))
            loaded = load_tokenizer(model_args)
            tokenizer = loaded["tokenizer"]
            template = get_template_and_fix_tokenizer(tokenizer, data_args)
            module = get_dataset(template, model_args, data_args, training_args, stage="sft", **loaded)
            part = module["train_dataset"]
            split = name.removeprefix(NAME).strip("_") or "train"
            source = read_lines(where / f"{split}.jsonl")
            text = tokenizer.decode(part[len(part) - 1]["input_ids"])
            rows.append({
                "tool": tool,
                "what": f"get_dataset({name!r}{', 12 MB of empty lists first' if where == large else ''})",
                "ok": len(part) == len(source) and all(m["content"] in text for m in source[-1]["messages"]),
                "detail": f"{len(part)} rows",
            })
    run_exp(arguments(folder, NAME))
    state = json.loads((work / "out" / "trainer_log.jsonl").read_text().splitlines()[-1])
    rows.append({"tool": tool, "what": "one training step", "ok": True, "detail": json.dumps(state)[:80]})
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inside", choices=["trl", "llamafactory"], help="used by the script itself")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--large", type=Path)
    parser.add_argument("--work", type=Path)
    options = parser.parse_args()
    if options.inside == "trl":
        rows = check_datasets(options.folder, options.large) + check_trl(options.folder, options.work)
        print("ROWS " + json.dumps(rows))
        return
    if options.inside == "llamafactory":
        rows = check_llamafactory(options.folder, options.large, options.work)
        print("ROWS " + json.dumps(rows))
        return
    from harness import peer_python, report

    rows = []
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        examples = build_examples()
        folder = write_folder(work / "home", examples)
        large = write_folder(work / "large", examples, large=True)
        for environment, inside in (("forge_trl", "trl"), ("forge_llamafactory", "llamafactory")):
            python = peer_python(environment, STEPS[environment])
            place = work / inside
            place.mkdir()
            command = [str(python), __file__, "--inside", inside, "--folder", str(folder)]
            command += ["--large", str(large), "--work", str(place)]
            home = {"HF_HOME": str(place / "hf"), "HOME": str(place)}
            done = subprocess.run(
                command, env={**os.environ, **OFFLINE, **home}, capture_output=True, text=True, check=False
            )
            found = [line for line in done.stdout.splitlines() if line.startswith("ROWS ")]
            if done.returncode or not found:
                print(done.stdout[-3000:], done.stderr[-6000:], file=sys.stderr)
                rows.append({"tool": inside, "what": "all", "ok": False, "detail": "see standard error"})
                continue
            rows += json.loads(found[-1].removeprefix("ROWS "))
    report(
        "forge_formats",
        rows,
        command="python bench/forge_formats.py",
        notes=["Every tool reads the folder as it was written, without network and without a script."],
    )
    sys.exit(any(row["ok"] is False for row in rows))


if __name__ == "__main__":
    main()
