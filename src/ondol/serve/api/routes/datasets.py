"""Datasets: what there is, their examples, and experts' reviews of them."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import StringConstraints

from ondol.core.access import Principal
from ondol.core.examples import DatasetManifest, Example, Split
from ondol.forge.review import REASONS
from ondol.serve.api.errors import describe_errors
from ondol.serve.api.routes.route import build_router
from ondol.serve.api.schema import (
    DatasetList,
    DatasetSummary,
    ExampleList,
    JudgeStanding,
    ReviewBody,
    ReviewItem,
    ReviewList,
    ReviewNext,
    ReviewOverview,
    ReviewRequest,
    SourceText,
)
from ondol.serve.context import Context, ServeContext, Who
from ondol.serve.reviewing import Source, read_answers
from ondol.store.reviews import Review

router: APIRouter = build_router("datasets", "/datasets")

_NO_LIMIT = 1_000_000


@router.get("", operation_id="listDatasets", summary="Datasets", responses=describe_errors())
async def list_datasets(context: Context, principal: Who) -> DatasetList:
    """List the datasets of which the asker may read something."""

    def work() -> DatasetList:
        found = context.ondol.store.datasets.list_datasets(principal=principal)
        return DatasetList(datasets=[_summarise(context, manifest, principal) for manifest in found])

    return await context.workers.run(work)


@router.get("/{name}", operation_id="getDataset", summary="A dataset", responses=describe_errors(404))
async def get_dataset(context: Context, principal: Who, name: str) -> DatasetSummary:
    """Return what is known of a dataset."""

    def work() -> DatasetSummary:
        manifest = context.ondol.store.datasets.load_manifest(name, principal=principal)
        return _summarise(context, manifest, principal)

    return await context.workers.run(work)


@router.get(
    "/{name}/examples", operation_id="listExamples", summary="Examples", responses=describe_errors(404)
)
async def list_examples(
    context: Context,
    principal: Who,
    name: str,
    *,
    split: Split = "train",
    after: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> ExampleList:
    """Page through a split; ``next`` is the ``after`` of the next page."""

    def work() -> ExampleList:
        found, following = context.ondol.store.datasets.list_examples(
            name, split, principal=principal, after=after, limit=limit
        )
        return ExampleList(examples=list(found), next=following)

    return await context.workers.run(work)


@router.get(
    "/{name}/review", operation_id="reviewOverview", summary="Reviews so far", responses=describe_errors(404)
)
async def review_overview(context: Context, principal: Who, name: str) -> ReviewOverview:
    """Say how far the reviewers are, how far they agree, and what that makes of the judge."""

    def work() -> ReviewOverview:
        statistics = context.reviewing.desk(name, principal).measure()
        judged = context.reviewing.judge(name, principal=principal)
        standing = None
        if judged is not None:
            standing = JudgeStanding(
                model=judged.now.model,
                before=judged.before.precision,
                precision=judged.now.precision,
                recall=judged.now.recall,
                usable=judged.now.usable,
                verdicts=judged.verdicts,
            )
        return ReviewOverview(statistics=statistics, reasons=list(REASONS), judge=standing)

    return await context.workers.run(work)


@router.get(
    "/{name}/review/next",
    operation_id="nextReview",
    summary="What to review next",
    responses=describe_errors(404),
)
async def next_review(
    context: Context,
    principal: Who,
    name: str,
    *,
    skip: Annotated[
        list[Annotated[str, StringConstraints(max_length=100)]] | None, Query(max_length=500)
    ] = None,
) -> ReviewNext:
    """Choose the next example for the asker.

    ``skip`` names the examples that the asker has in hand or has put aside; repeat it for each.
    """

    def work() -> ReviewNext:
        found = context.reviewing.desk(name, principal).choose_next(skip=skip or ())
        if found is None:
            return ReviewNext()
        item = _build_item(context, found.split, found.example, principal)
        return ReviewNext(item=item.model_copy(update={"pick": found.pick, "left": found.left}))

    return await context.workers.run(work)


@router.get(
    "/{name}/review/mine", operation_id="myReviews", summary="My verdicts", responses=describe_errors(404)
)
async def my_reviews(context: Context, principal: Who, name: str) -> ReviewList:
    """List the asker's own verdicts, the newest first."""

    def work() -> ReviewList:
        found = context.reviewing.desk(name, principal).list_mine()
        return ReviewList(reviews=[_build_review(review) for review in found])

    return await context.workers.run(work)


@router.get(
    "/{name}/review/{example_id}",
    operation_id="getReviewItem",
    summary="An example to review",
    responses=describe_errors(404),
)
async def get_review_item(context: Context, principal: Who, name: str, example_id: str) -> ReviewItem:
    """Return an example with its sources, to look at again."""

    def work() -> ReviewItem:
        desk = context.reviewing.desk(name, principal)
        split, example = desk.find(example_id)
        item = _build_item(context, split, example, principal)
        mine = next((review for review in desk.list_mine() if review.example_id == example_id), None)
        return item.model_copy(update={"mine": _build_review(mine) if mine else None})

    return await context.workers.run(work)


@router.put(
    "/{name}/review/{example_id}",
    operation_id="saveReview",
    summary="Accept, fix or reject",
    responses=describe_errors(403, 404),
)
async def save_review(
    context: Context, principal: Who, name: str, example_id: str, body: ReviewRequest
) -> ReviewBody:
    """Keep a verdict; a second one of the same reviewer replaces the first."""

    def work() -> ReviewBody:
        kept, warning = context.reviewing.save(
            name,
            example_id,
            verdict=body.verdict,
            reason=body.reason,
            note=body.note,
            answers=body.answers,
            seconds=body.seconds,
            principal=principal,
        )
        context.trail.write(
            principal, "dataset.review", resource=f"{name}/{example_id}", detail={"verdict": body.verdict}
        )
        return _build_review(kept).model_copy(update={"warning": warning or None})

    return await context.workers.run(work)


def _summarise(context: ServeContext, manifest: DatasetManifest, principal: Principal) -> DatasetSummary:
    reviews, _ = context.ondol.store.reviews.list_reviews(manifest.name, principal=principal, limit=_NO_LIMIT)
    return DatasetSummary(
        name=manifest.name,
        created_at=manifest.created_at,
        label=manifest.label,
        licences=list(manifest.licences),
        examples={split: sum(kinds.values()) for split, kinds in manifest.counts.items()},
        reviewed=len({review.example_id for review in reviews}),
    )


def _build_item(context: ServeContext, split: Split, example: Example, principal: Principal) -> ReviewItem:
    sources = context.reviewing.find_sources(example, principal=principal)
    return ReviewItem(split=split, example=example, sources=[_build_source(source) for source in sources])


def _build_source(source: Source) -> SourceText:
    evidence = source.evidence
    return SourceText(
        document=evidence.document,
        uri=evidence.uri,
        title=evidence.title,
        page=evidence.page or None,
        context=evidence.context,
        before=source.before,
        quote=evidence.quote,
        after=source.after,
        stands=source.stands,
    )


def _build_review(review: Review) -> ReviewBody:
    return ReviewBody(
        example_id=review.example_id,
        reviewer=review.reviewer,
        verdict=review.verdict,
        reason=review.reason,
        note=review.note,
        answers=read_answers(review.messages),
        created_at=review.created_at,
    )
