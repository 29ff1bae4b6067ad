"""synthetic-data-kit: its four commands, with its shipped prompts and chunks as long as everyone's."""

import json
import subprocess
import sys
from pathlib import Path

import plain
import synthetic_data_kit
import yaml


def run(config, *words):
    command = [str(Path(sys.executable).with_name("synthetic-data-kit")), "-c", str(config), *map(str, words)]
    done = subprocess.run(command, cwd=config.parent, check=False)
    if done.returncode:
        print(f"{words[0]} ended with {done.returncode}")
    return done.returncode == 0


def main():
    arguments = plain.read_arguments()
    folder = arguments.out.parent.resolve()
    settings = yaml.safe_load((Path(synthetic_data_kit.__file__).parent / "config.yaml").read_text("utf-8"))
    settings["llm"]["provider"] = "api-endpoint"
    settings["api-endpoint"].update(api_base=arguments.base_url, model=arguments.model, api_key="none")
    settings["generation"].update(
        temperature=plain.TEMPERATURE,
        max_tokens=plain.MAX_TOKENS,
        batch_size=arguments.at_once,
        chunk_size=arguments.piece_chars,
    )
    settings["curate"].update(temperature=plain.JUDGE_TEMPERATURE, inference_batch=arguments.at_once)
    config = folder / "config.yaml"
    config.write_text(yaml.safe_dump(settings), "utf-8")
    is_done = True
    for number, chunks in enumerate(plain.read_slices(arguments)):
        document = folder / f"doc{number}.txt"
        document.write_text("\n\n".join(chunks), "utf-8")
        is_done = make_pairs(config, document, plain.PAIRS_PER_CHUNK * len(chunks)) and is_done
        curated = folder / f"data/curated/doc{number}_cleaned.json"
        found = json.loads(curated.read_text("utf-8"))["qa_pairs"] if curated.is_file() else []
        plain.write_samples(arguments.out, [pair for pair in found if plain.is_pair(pair)])
    sys.exit(0 if is_done else 1)


def make_pairs(config, document, wanted):
    data, name = config.parent / "data", document.stem
    curated = data / "curated" / f"{name}_cleaned.json"
    return (
        run(config, "ingest", document)
        and run(config, "create", data / "parsed" / f"{name}.txt", "--type", "qa", "-n", wanted)
        and run(
            config,
            *("curate", data / "generated" / f"{name}_qa_pairs.json"),
            *("--threshold", float(plain.MIN_SCORE), "--output", curated),
        )
        and run(config, "save-as", curated, "-f", "chatml")
    )


if __name__ == "__main__":
    main()
