"""Bespoke Curator: one LLM subclass writes with a response format, another one judges."""

import json

import plain
from bespokelabs import curator
from pydantic import BaseModel


class Pair(BaseModel):
    question: str
    answer: str


class Pairs(BaseModel):
    pairs: list[Pair]


class Score(BaseModel):
    score: int


class Writer(curator.LLM):
    response_format = Pairs

    def prompt(self, row):
        return plain.ask_for_pairs(row["passage"], lambda pairs: json.dumps({"pairs": pairs}))

    def parse(self, row, reply):
        pairs = plain.keep_pairs(pair.model_dump() for pair in reply.pairs)
        return [{"passage": row["passage"], **pair} for pair in pairs]


class Judge(curator.LLM):
    response_format = Score

    def prompt(self, row):
        return plain.JUDGE.format(**row)

    def parse(self, row, reply):
        return [{**row, "score": reply.score}]


def open_model(kind, arguments, temperature):
    return kind(
        model_name=arguments.model,
        backend="openai",
        response_format=kind.response_format,
        generation_params={"temperature": temperature, "max_tokens": plain.MAX_TOKENS},
        backend_params={
            "base_url": arguments.base_url,
            "api_key": "none",
            "max_concurrent_requests": arguments.at_once,
            "max_requests_per_minute": 100_000,
            "max_tokens_per_minute": 100_000_000,
            "max_retries": 3,
            "require_all_responses": False,
        },
    )


def main():
    arguments = plain.read_arguments()
    folder = str(arguments.out.parent / "cache")
    writer = open_model(Writer, arguments, plain.TEMPERATURE)
    judge = open_model(Judge, arguments, plain.JUDGE_TEMPERATURE)
    for chunks in plain.read_slices(arguments):
        written = writer([{"passage": chunk} for chunk in chunks], working_dir=folder).dataset
        pairs = [row for row in written if plain.is_pair(row)]
        judged = judge(pairs, working_dir=folder).dataset if pairs else []
        kept = [row for row in judged if (row["score"] or 0) >= plain.MIN_SCORE]
        plain.write_samples(arguments.out, kept)


if __name__ == "__main__":
    main()
