"""What a client of `pamrx serve` may use up: bytes, connections, seconds, numbers of things in a request."""

from __future__ import annotations

from dataclasses import dataclass

MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Limits:
    """The limits of one server.

    Attributes
    ----------
    body : bytes of a request's body (`--max-mb`).
    small : bytes of a body that may wait for its turn beside any number of others. Larger ones take a place.
    large : places for larger bodies, from when they are read until they are answered.
    answers : bytes of finished answers that clients have not taken yet, above which nothing new is computed.
    head : bytes of a request line with all headers; also of a chunk's header and of the trailers.
    headers : in number.
    connections : open at once. A new one takes the place of the one that has waited longest for a request to begin.
    backlog : connections that the system keeps for us to accept.
    head_seconds : from the connection, or from the answer before, to the end of the headers.
    idle_seconds : of a connection on which nothing is asked after an answer.
    silence_seconds : between two pieces of a body.
    body_seconds : for a body as a whole, or what is left of it once it has a place.
    answer_seconds : for the client to take any one piece of an answer.
    turn_seconds : of waiting for a place or for one's turn to be computed.
    samples : in one request, over all of its rows.
    values_per_byte : share of the values in a request (fields of a record, entries of a list) in the largest body.
    depth : of lists and objects in one another.
    """

    body: int = 32 * MEGABYTE
    small: int = MEGABYTE
    large: int = 2
    answers: int = 128 * MEGABYTE
    head: int = 16_384
    headers: int = 100
    connections: int = 100
    backlog: int = 128
    head_seconds: float = 10
    idle_seconds: int = 5
    silence_seconds: float = 10
    body_seconds: float = 60
    answer_seconds: float = 60
    turn_seconds: float = 120
    samples: int = 1_000
    values_per_byte: float = 0.1
    depth: int = 12

    @property
    def values(self) -> int:
        """Values of a request. An empty object takes three bytes of JSON and seventy of memory: bytes are no bound."""
        return int(self.body * self.values_per_byte)
