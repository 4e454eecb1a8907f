"""Which model writes for a workspace: one of its own, or the operator's."""

from collections import OrderedDict
from uuid import UUID

from trulybot.bots.models import BotSettings
from trulybot.bots.service import key_purpose
from trulybot.kit.db import Sealer
from trulybot.kit.keyring import Unsealable
from trulybot.kit.log import get_logger
from trulybot.llm.guarded import Choose
from trulybot.llm.model import CONTEXT_TOKENS, Model, OpenAIModel
from trulybot.llm.prices import Price

log = get_logger()

OWN_MODELS = 64  # kept ready in a process; a client without a connection open is cheap, and made anew in a moment
NO_KEY = "none"  # for a server of one's own that asks for none; the SDK wants something


class Models:
    """
    choose: the address to connect to of those that a name stands for; it refuses private ones.

    default_name: the operator's model, which a workspace's own key asks too where its owner names no other.
    """

    def __init__(self, keyring: Sealer, choose: Choose, *, default_name: str) -> None:
        self._keyring, self._choose, self._default_name = keyring, choose, default_name
        self._own: OrderedDict[tuple[UUID | None, BotSettings], OpenAIModel] = OrderedDict()

    async def of(self, bot: BotSettings, workspace_id: UUID | None, otherwise: Model | None) -> Model | None:
        """The workspace's own model, or `otherwise`. No transaction may be open, since the key ring may need one."""
        if bot.api_key is None and bot.base_url is None:
            return otherwise
        known = (workspace_id, _of_the_model(bot))
        if known in self._own:
            self._own.move_to_end(known)
            return self._own[known]
        try:
            sealed = bot.api_key
            key = await self._keyring.open(sealed, purpose=key_purpose(workspace_id)) if sealed is not None else NO_KEY
        except Unsealable:
            log.warning("model.key_unreadable", workspace_id=str(workspace_id))
            return None  # never the operator's instead: whose bill it is must not depend on a mishap
        model = OpenAIModel(
            bot.model or self._default_name,
            api_key=key,
            base_url=bot.base_url,
            price=_price(bot),
            context_tokens=bot.context_tokens or CONTEXT_TOKENS,
            choose=self._choose if bot.base_url is not None else None,
            is_tenants=True,
        )
        self._own[known] = model
        if len(self._own) > OWN_MODELS:
            # Not closed: an answer may still be coming from it. It goes when nobody holds it.
            self._own.popitem(last=False)
        return model

    async def close(self) -> None:
        for model in self._own.values():
            await model.close()


def _of_the_model(bot: BotSettings) -> BotSettings:
    """
    What makes one model differ from another, and nothing else.

    Not the version: a change that is held back has that of the bot whose place it would take.
    """
    return BotSettings(
        model=bot.model,
        base_url=bot.base_url,
        api_key=bot.api_key,
        prompt_price_usd=bot.prompt_price_usd,
        completion_price_usd=bot.completion_price_usd,
        context_tokens=bot.context_tokens,
    )


def _price(bot: BotSettings) -> Price | None:
    if bot.prompt_price_usd is None or bot.completion_price_usd is None:
        return None
    return Price(bot.prompt_price_usd, bot.completion_price_usd)
