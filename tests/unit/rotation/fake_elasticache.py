"""An ElastiCache with one RBAC user: its passwords and how a change of them comes into force."""

import re
from dataclasses import dataclass, field
from typing import Any

from tests.unit.rotation.wire import Wire, refusal


@dataclass
class FakeElastiCache:
    """`polls`: how many times a changed user is described as modifying before it is active."""

    wire: Wire
    arn: str
    user_id: str
    user_name: str
    passwords: list[str]
    polls: int = 0
    kind: str = "password"
    status: str = "active"
    exists: bool = True
    _left: int = 0
    _before: list[str] = field(default_factory=list)

    # What the function calls.

    def describe_users(self, **request: Any) -> dict[str, Any]:
        return self.wire.exchange("elasticache", "DescribeUsers", request, self._describe)

    def modify_user(self, **request: Any) -> dict[str, Any]:
        return self.wire.exchange("elasticache", "ModifyUser", request, self._modify)

    # What others do, and what a test wants to know.

    def change(self, passwords: list[str] | None = None) -> None:
        """Somebody else changes the user: its passwords, or something that is not watched here."""
        self._begin(self.passwords if passwords is None else passwords)

    def settle(self) -> None:
        """The change is in force at every node."""
        self.status, self._left = "active", 0

    def accepts(self, password: str) -> bool:
        """Whether every node accepts the password; during a change the nodes differ."""
        before = self._before if self.status == "modifying" else self.passwords
        return password in self.passwords and password in before

    # The operations.

    def _describe(self, request: dict[str, Any]) -> dict[str, Any]:
        self._check_user("DescribeUsers", request)
        answer = {"Users": [self._described()]}
        if self.status == "modifying":
            self._left -= 1
            if self._left <= 0:
                self.settle()
        return answer

    def _modify(self, request: dict[str, Any]) -> dict[str, Any]:
        self._check_user("ModifyUser", request)
        if self.status != "active":
            raise refusal("ModifyUser", "InvalidUserState", f"The user is {self.status}.")
        passwords = request["Passwords"]
        acceptable = all(
            16 <= len(password) <= 128 and not re.search(r'[,"/@]', password)
            for password in passwords
        )
        if not acceptable or not 1 <= len(passwords) <= 2 or len(set(passwords)) < len(passwords):
            raise refusal("ModifyUser", "InvalidParameterValue", f"Not allowed: {passwords}")
        self._begin(passwords)
        return self._described()

    def _begin(self, passwords: list[str]) -> None:
        # Two changes at once, as seen by a node that has neither: it accepts what both leave.
        pending = self.status == "modifying"
        kept = [p for p in self._before if p in self.passwords] if pending else self.passwords
        self._before, self.passwords = list(kept), list(passwords)
        self.status, self._left = "modifying", self.polls
        if self.polls <= 0:
            self.settle()

    def _described(self) -> dict[str, Any]:
        count = len(self.passwords) if self.kind == "password" else 0
        return {
            "UserId": self.user_id,
            "UserName": self.user_name,
            "Status": self.status,
            "Engine": "valkey",
            "AccessString": "on ~* &* -@all +@read",
            "Authentication": {"Type": self.kind, "PasswordCount": count},
            "ARN": self.arn,
        }

    def _check_user(self, operation: str, request: dict[str, Any]) -> None:
        if not self.exists or request["UserId"] != self.user_id:
            raise refusal(operation, "UserNotFound", f"User {request['UserId']} not found")
