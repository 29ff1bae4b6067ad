"""sdg_hub: its own flow "Document Based Knowledge Tuning" (doc_direct_qa) with its own prompts and judge.

The flow asks for an outline, a domain and an example. Temperature and token limit are set as for everyone;
the flow's own 256 tokens for questions may cut off the third.
"""

from pathlib import Path

import pandas as pd
import plain
import sdg_hub
from sdg_hub import Flow
from sdg_hub.core.utils.error_handling import EmptyDatasetError

FLOW = "flows/knowledge_infusion/enhanced_multi_summary_qa/doc_direct_qa/flow.yaml"
EXAMPLE = {
    "document_outline": "User manual of a ground control station",
    "domain": "software manual",
    "icl_document": plain.EXAMPLE,
    **{f"icl_query_{n}": pair["question"] for n, pair in enumerate(plain.EXAMPLE_PAIRS, 1)},
}


def main():
    arguments = plain.read_arguments()
    flow = Flow.from_yaml(str(Path(sdg_hub.__file__).parent / FLOW))
    flow.set_model_config(
        model=f"openai/{arguments.model}", api_base=arguments.base_url, api_key="none", timeout=600
    )
    settings = {
        "question_generation": {"temperature": plain.TEMPERATURE, "max_tokens": plain.MAX_TOKENS},
        "answer_generation": {"temperature": plain.TEMPERATURE, "max_tokens": plain.MAX_TOKENS},
        "eval_faithful_llm_chat": {"temperature": plain.JUDGE_TEMPERATURE, "max_tokens": plain.MAX_TOKENS},
    }
    for chunks in plain.read_slices(arguments):
        rows = pd.DataFrame([{"document": chunk, **EXAMPLE} for chunk in chunks])
        try:
            done = flow.generate(rows, runtime_params=settings, max_concurrency=arguments.at_once)
        except EmptyDatasetError as error:  # not one question of the slice could be read
            print(f"no dataset: {error}", flush=True)
            continue
        found = [
            {"question": row["question"], "answer": row["response"]} for row in done.to_dict(orient="records")
        ]
        plain.write_samples(arguments.out, [pair for pair in found if plain.is_pair(pair)])


if __name__ == "__main__":
    main()
