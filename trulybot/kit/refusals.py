"""What is refused while a body is read stays refused, whatever the reader makes of it."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from trulybot.kit.errors import AppError


async def unless_refused(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """
    Call the app. FastAPI makes an answer of its own out of whatever goes wrong with a body; that one is dropped.

    Raises:
        AppError: `receive` raised it, and nothing had been answered yet.
    """
    refusal: AppError | None = None
    has_begun = False

    async def receive_and_see() -> Message:
        nonlocal refusal
        try:
            return await receive()
        except AppError as error:
            refusal = error
            raise

    async def send_unless_refused(message: Message) -> None:
        nonlocal has_begun
        if refusal is None or has_begun:
            has_begun = True
            await send(message)

    try:
        await app(scope, receive_and_see, send_unless_refused)
    except Exception:
        if refusal is None or has_begun:
            raise
    if refusal is not None and not has_begun:
        raise refusal
