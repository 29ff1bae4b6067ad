"""NeMo Data Designer: a seed row per pair wanted, a structured column, a judge column."""

import json

import data_designer.config as dd
import pandas as pd
import plain
from data_designer.interface import DataDesigner
from data_designer.interface.errors import DataDesignerGenerationError
from pydantic import BaseModel


class Pair(BaseModel):
    question: str
    answer: str


def open_model(arguments, alias, temperature):
    return dd.ModelConfig(
        alias=alias,
        model=arguments.model,
        provider="bench",
        skip_health_check=True,
        inference_parameters=dd.ChatCompletionInferenceParams(
            temperature=temperature,
            max_tokens=plain.MAX_TOKENS,
            max_parallel_requests=arguments.at_once,
            timeout=600,
        ),
    )


def build(arguments, rows):
    models = [
        open_model(arguments, "writer", plain.TEMPERATURE),
        open_model(arguments, "judge", plain.JUDGE_TEMPERATURE),
    ]
    builder = dd.DataDesignerConfigBuilder(model_configs=models)
    builder.with_seed_dataset(dd.DataFrameSeedSource(df=pd.DataFrame(rows)))
    write = plain.WRITE_ONE.format(
        passage="{{ passage }}",
        number="{{ number }}",
        pairs=plain.PAIRS_PER_CHUNK,
        example=json.dumps(plain.EXAMPLE_PAIRS[0]),
    )
    builder.add_column(
        dd.LLMStructuredColumnConfig(name="pair", prompt=write, model_alias="writer", output_format=Pair)
    )
    judge = plain.JUDGE.split("Is the question clear")[0].format(
        passage="{{ passage }}", question="{{ pair.question }}", answer="{{ pair.answer }}"
    )
    score = dd.Score(
        name="score",
        description="Is the question clear, and is the answer correct and supported by the passage?",
        options={n: {1: "useless", 10: "right and useful"}.get(n, f"{n} of 10") for n in range(1, 11)},
    )
    builder.add_column(
        dd.LLMJudgeColumnConfig(name="verdict", prompt=judge, model_alias="judge", scores=[score])
    )
    return builder


def main():
    arguments = plain.read_arguments()
    designer = DataDesigner(
        artifact_path=arguments.out.parent / "artifacts",
        model_providers=[dd.ModelProvider(name="bench", endpoint=arguments.base_url, api_key="none")],
    )
    # A small model fails often; without this the tool gives up before the document is through.
    designer.set_run_config(dd.RunConfig(disable_early_shutdown=True, otel_metrics_port=None))
    for chunks in plain.read_slices(arguments):
        rows = [
            {"passage": chunk, "number": number}
            for chunk in chunks
            for number in range(1, plain.PAIRS_PER_CHUNK + 1)
        ]
        try:
            made = designer.create(build(arguments, rows), num_records=len(rows)).load_dataset()
        except DataDesignerGenerationError as error:
            print(f"no dataset: {error}")
            continue
        kept = [
            row["pair"]
            for row in made.to_dict(orient="records")
            if plain.keep_pairs([row["pair"]]) and int(row["verdict"]["score"]["score"]) >= plain.MIN_SCORE
        ]
        plain.write_samples(arguments.out, kept)


if __name__ == "__main__":
    main()
