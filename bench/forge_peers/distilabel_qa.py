"""distilabel: ChatGeneration, a step that parses, TextGeneration as judge, a step that keeps."""

import plain
from distilabel.models import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts, StepInput, step
from distilabel.steps.tasks import ChatGeneration, TextGeneration


@step(inputs=["generation", "passage"], outputs=["passage", "question", "answer"])
def explode(inputs: StepInput):
    yield [
        {"passage": row["passage"], **pair}
        for row in inputs
        for pair in plain.parse_pairs(row["generation"] or "")
    ]


@step(inputs=["verdict", "question", "answer"], outputs=["question", "answer"])
def keep(inputs: StepInput):
    yield [row for row in inputs if plain.parse_score(row["verdict"]) >= plain.MIN_SCORE]


def jinja(prompt):
    return prompt.format(**{name: "{{ " + name + " }}" for name in ("passage", "question", "answer")})


def open_model(arguments, temperature):
    return OpenAILLM(
        model=arguments.model,
        base_url=arguments.base_url,
        api_key="none",
        timeout=600,
        generation_kwargs={"temperature": temperature, "max_new_tokens": plain.MAX_TOKENS},
    )


def run(arguments, chunks):
    with Pipeline(name="forge-bench", cache_dir=arguments.out.parent / "cache") as pipeline:
        load = LoadDataFromDicts(
            data=[
                {"passage": chunk, "messages": plain.ask_for_pairs(chunk, plain.write_lines)}
                for chunk in chunks
            ],
            batch_size=arguments.at_once,
        )
        write = ChatGeneration(
            name="write",
            llm=open_model(arguments, plain.TEMPERATURE),
            input_batch_size=arguments.at_once,
        )
        judge = TextGeneration(
            name="judge",
            llm=open_model(arguments, plain.JUDGE_TEMPERATURE),
            template=jinja(plain.JUDGE),
            columns=["passage", "question", "answer"],
            output_mappings={"generation": "verdict", "model_name": "judge_name"},
            input_batch_size=arguments.at_once,
        )
        load >> write >> explode() >> judge >> keep()
    distiset = pipeline.run(use_cache=False)
    return distiset["default"]["train"] if "default" in distiset else []


def main():
    arguments = plain.read_arguments()
    for chunks in plain.read_slices(arguments):
        plain.write_samples(arguments.out, run(arguments, chunks))


if __name__ == "__main__":
    main()
