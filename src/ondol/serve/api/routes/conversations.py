"""Past conversations, and what readers thought of their answers."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from ondol.core.access import Principal
from ondol.serve.api.errors import describe_errors
from ondol.serve.api.routes.route import build_router, check_key
from ondol.serve.api.schema import (
    ConversationBody,
    ConversationList,
    ConversationMessage,
    ConversationPatch,
    ConversationRequest,
    ConversationSummary,
    FeedbackBody,
    FeedbackRequest,
)
from ondol.serve.context import Context, ServeContext, Who
from ondol.store.conversations import Conversation, Feedback

router: APIRouter = build_router("conversations")


@router.get(
    "/conversations",
    operation_id="listConversations",
    summary="My conversations",
    responses=describe_errors(),
)
async def list_conversations(
    context: Context,
    principal: Who,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    cursor: Annotated[str | None, Query(max_length=1000)] = None,
) -> ConversationList:
    """List the asker's own conversations, the last touched first."""
    conversations, next_cursor = await context.workers.run(
        lambda: context.ondol.store.conversations.list_conversations(
            principal=principal, limit=limit, cursor=cursor
        )
    )
    return ConversationList(
        conversations=[_build_summary(conversation) for conversation in conversations],
        next_cursor=next_cursor,
    )


@router.post(
    "/conversations",
    operation_id="createConversation",
    summary="Begin a conversation",
    status_code=201,
    responses=describe_errors(),
)
async def create_conversation(
    context: Context, principal: Who, body: ConversationRequest
) -> ConversationSummary:
    """Begin an empty conversation."""
    conversation = await context.workers.run(
        lambda: context.ondol.store.conversations.create_conversation(
            title=body.title or "", principal=principal
        )
    )
    return _build_summary(conversation)


@router.get(
    "/conversations/{conversation_id}",
    operation_id="getConversation",
    summary="A conversation with its exchanges",
    responses=describe_errors(404),
)
async def get_conversation(context: Context, principal: Who, conversation_id: str) -> ConversationBody:
    """Return the exchanges, oldest first, with the asker's feedback."""
    check_key(conversation_id, "conversation")
    return await context.workers.run(lambda: _load_conversation(context, conversation_id, principal))


@router.patch(
    "/conversations/{conversation_id}",
    operation_id="renameConversation",
    summary="Rename a conversation",
    responses=describe_errors(404),
)
async def rename_conversation(
    context: Context, principal: Who, conversation_id: str, body: ConversationPatch
) -> ConversationSummary:
    """Give the conversation a title."""
    check_key(conversation_id, "conversation")
    conversation = await context.workers.run(
        lambda: context.ondol.store.conversations.rename_conversation(
            conversation_id, title=body.title, principal=principal
        )
    )
    return _build_summary(conversation)


@router.delete(
    "/conversations/{conversation_id}",
    operation_id="deleteConversation",
    summary="Delete a conversation",
    status_code=204,
    responses=describe_errors(404),
)
async def delete_conversation(context: Context, principal: Who, conversation_id: str) -> Response:
    """Delete the conversation and its exchanges."""
    check_key(conversation_id, "conversation")

    def work() -> None:
        context.ondol.store.conversations.delete_conversation(conversation_id, principal=principal)
        context.trail.write(principal, "conversation.delete", resource=conversation_id)

    await context.workers.run(work)
    return Response(status_code=204)


@router.post(
    "/feedback",
    operation_id="giveFeedback",
    summary="Rate or correct an answer",
    responses=describe_errors(404),
)
async def give_feedback(context: Context, principal: Who, body: FeedbackRequest) -> FeedbackBody:
    """Keep a thumb and a correction; a second one replaces the first."""
    check_key(body.message_id, "message")

    def work() -> None:
        context.ondol.store.feedback.save_feedback(
            body.message_id,
            rating=body.rating,
            correction=body.correction,
            comment=body.comment,
            principal=principal,
        )
        context.trail.write(principal, "feedback", resource=body.message_id, detail={"rating": body.rating})

    await context.workers.run(work)
    return FeedbackBody.model_validate(body.model_dump())


def _build_summary(conversation: Conversation) -> ConversationSummary:
    return ConversationSummary(
        id=conversation.id,
        title=conversation.title,
        created_at=conversation.created_at,
        updated_at=conversation.updated_at,
    )


def _build_feedback(feedback: Feedback | None) -> FeedbackBody | None:
    if feedback is None:
        return None
    return FeedbackBody(
        message_id=feedback.message_id,
        rating=feedback.rating,
        correction=feedback.correction or None,
        comment=feedback.comment or None,
    )


def _load_conversation(context: ServeContext, conversation_id: str, principal: Principal) -> ConversationBody:
    store = context.ondol.store
    conversation = store.conversations.load_conversation(conversation_id, principal=principal)
    return ConversationBody(
        id=conversation.id,
        title=conversation.title,
        created_at=conversation.created_at,
        updated_at=conversation.updated_at,
        messages=[
            ConversationMessage(
                id=message.id,
                question=message.question,
                answer=message.answer,
                created_at=message.created_at,
                feedback=_build_feedback(message.feedback),
            )
            for message in conversation.messages
        ],
    )
