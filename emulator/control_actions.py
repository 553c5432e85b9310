"""A user's actions as the control interface takes them: each checks its input and knows what to do with it."""

from abc import abstractmethod
from typing import Literal

from pydantic import Field

from emulator.actions import Location, NotPossible
from emulator.control_inputs import Input, Line, Name
from emulator.deliveries import Envelope
from emulator.shapes import Json, records, text
from emulator.stage import Stage
from emulator.state import User


class Action(Input):
    """Something a user does with the telephone."""

    @abstractmethod
    def act(self, stage: Stage, user: User) -> Envelope:
        """Do it and return what the bot is to be told; raise NotPossible."""


class Say(Action):
    """`say`: a text; `choice_id` is what a tapped choice would carry (`bizmsgmenuid`)."""

    content: Line
    choice_id: str | None = None

    def act(self, stage: Stage, user: User) -> Envelope:
        """Send the text."""
        return stage.actions.say(user, self.content, choice=self.choice_id)


class Tap(Action):
    """`tap`: a tappable choice by its number or its words; `message` picks one in an older message."""

    choice: Line
    message: int | None = None

    def act(self, stage: Stage, user: User) -> Envelope:
        """Send what the tapped choice sends."""
        found = self._find(user)
        return stage.actions.say(user, text(found, "content"), choice=text(found, "id"))

    def _find(self, user: User) -> Json:
        tappable = [
            choice
            for message in reversed(user.messages)
            if message.side == "account" and self.message in {None, message.id}
            for choice in records(message.body, "choices")
            if choice.get("content")
        ]
        for matches in (self._is_exactly, self._is_part_of):
            for choice in tappable:
                if matches(choice):
                    return choice
        raise NotPossible(f"nothing that could be tapped is called {self.choice!r}")

    def _is_exactly(self, choice: Json) -> bool:
        return self.choice in {choice["number"], choice["label"], choice["content"]}

    def _is_part_of(self, choice: Json) -> bool:
        return not self.choice.isdigit() and self.choice in text(choice, "label")


class Voice(Action):
    """`voice`: null when the account's speech recognition is off."""

    recognition: str | None = None

    def act(self, stage: Stage, user: User) -> Envelope:
        """Send the voice message."""
        return stage.actions.voice(user, self.recognition)


class Picture(Action):
    """`image`: a picture, the emulator's own when no address is given."""

    url: str = ""

    def act(self, stage: Stage, user: User) -> Envelope:
        """Send the picture."""
        return stage.actions.image(user, self.url or stage.world.base_url + "/page/photo.svg")


class Video(Action):
    """`video`: a short film."""

    def act(self, stage: Stage, user: User) -> Envelope:
        """Send it."""
        return stage.actions.video(user)


class Link(Action):
    """`link`: a shared page."""

    title: str = "link"
    description: str = ""
    url: str = "https://example.com/"

    def act(self, stage: Stage, user: User) -> Envelope:
        """Share it."""
        return stage.actions.link(user, self.title, self.description, self.url)


class Place(Action):
    """`location`: a place on the map."""

    latitude: float = Field(39.904200, ge=-90, le=90)
    longitude: float = Field(116.407400, ge=-180, le=180)
    label: str = ""

    def act(self, stage: Stage, user: User) -> Envelope:
        """Send it."""
        return stage.actions.location(user, Location(self.latitude, self.longitude, self.label))


class Whereabouts(Place):
    """`report_location`: the telephone reports by itself where it is."""

    def act(self, stage: Stage, user: User) -> Envelope:
        """Report it."""
        return stage.actions.report_location(user, Location(self.latitude, self.longitude, self.label))


class Follow(Action):
    """`follow`: by search, or by the QR code of a ticket."""

    ticket: str = ""

    def act(self, stage: Stage, user: User) -> Envelope:
        """Follow the account."""
        if self.ticket and not user.followed:
            return stage.actions.scan(user, self.ticket)
        return stage.actions.follow(user)


class Unfollow(Action):
    """`unfollow`: leave the account."""

    def act(self, stage: Stage, user: User) -> Envelope:
        """Leave."""
        return stage.actions.unfollow(user)


class Scan(Action):
    """`scan`: a QR code by its ticket."""

    ticket: str

    def act(self, stage: Stage, user: User) -> Envelope:
        """Scan it."""
        return stage.actions.scan(user, self.ticket)


class Click(Action):
    """`click`: a menu button by key or words; `scanned` is what a scanning button sees."""

    button: Line
    scanned: str = ""

    def act(self, stage: Stage, user: User) -> Envelope:
        """Tap it."""
        return stage.actions.click(user, self.button, scanned=self.scanned)


class Consents(Action):
    """`consent`: the answer to the question for subscription notices, by template id."""

    answers: dict[str, Literal["accept", "reject"]]

    def act(self, stage: Stage, user: User) -> Envelope:
        """Answer it."""
        return stage.actions.consent(user, self.answers)


class RawEvent(Action):
    """`event`: any event that the emulator does not play by itself, with its own fields."""

    event: Name
    fields: dict[str, str | int] = Field(default_factory=dict)
    visible: bool = True

    def act(self, stage: Stage, user: User) -> Envelope:
        """Send it."""
        return stage.actions.event(user, self.event, dict(self.fields.items()), visible=self.visible)


ACTIONS: dict[str, type[Action]] = {
    "say": Say,
    "tap": Tap,
    "voice": Voice,
    "image": Picture,
    "video": Video,
    "link": Link,
    "location": Place,
    "report_location": Whereabouts,
    "follow": Follow,
    "unfollow": Unfollow,
    "scan": Scan,
    "click": Click,
    "consent": Consents,
    "event": RawEvent,
}
