"""Cases of every service and kind in random order, for the campaigns that keep kycd busy: storm and soak."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import world as shared  # noqa: E402
from oracle import DELIVERED  # noqa: E402

# The sandbox's answer, how such a case ends, and the tasks of it that end as FAILURE before it does.
ANSWERS = {
    "spoof": (DELIVERED, 0), "face_not_found": (DELIVERED, 0), "unknown_code": (DELIVERED, 0),
    "many_issues": (DELIVERED, 0), "null_liveness": (DELIVERED, 0), "expired": (DELIVERED, 0),
    "double_encoded": (DELIVERED, 0), "null_result": (DELIVERED, 0),
    "failure": ("TASK_FAILED", 1), "inner_500": ("TASK_FAILED", 1), "revoked": ("TASK_FAILED", 0),
    "inner_400": ("TASK_REJECTED", 0), "task_400": ("TASK_REJECTED", 0), "garbage": ("REPLY_NOT_UNDERSTOOD", 0),
}

FOLDERS = ["kyc_card", "kyc_passport", "ocr_card", "ocr_passport", "face_liveness", "liveness",
           "kyc_card_with_background_check", "kyc_passport_with_background_check"]

# Which kinds, and how many of a hundred.
SHARES = {"plain": 40, "marked": 14, "flat_passport": 8, "single_file": 8, "background": 6, "register": 5, "mapped": 5,
          "forged_answer": 2, "unknown_face": 2, "damaged": 4, "bad_manifest": 2, "bad_name": 2, "unknown_service": 1,
          "link": 1}


LARGE = 1_900_000  # bytes


class Mix:
    """Drops one case after the other; the dice say which. Names are NNNNN-kind, so that a log can be read."""

    def __init__(self, producer, dice, large=False):
        self.producer = producer
        self.dice = dice
        self.shares = {**SHARES, **({"large": 4} if large else {})}
        self.count = 0

    def drop(self):
        """Drops the next case and returns its Drop."""
        self.count += 1
        kind = self.dice.choices(list(self.shares), weights=self.shares.values())[0]
        case = f"{self.count:05}-{kind}"
        if kind == "plain":
            return self._folder(self.dice.choice(FOLDERS), case)
        if kind == "marked":
            answer = self.dice.choice(list(ANSWERS))
            end, failures = ANSWERS[answer]
            return self._folder(self.dice.choice(["kyc_card", "kyc_passport", "face_liveness"]), f"{case}-{answer}", answer,
                                ends={end}, failures=failures)
        if kind == "unknown_face":  # a face that this API never registered
            return self._folder("authenticate_face", case, ends={"TASK_REJECTED"})
        if kind == "large":  # more than the buffers of a connection take, so that a call can end while it is being sent
            whole = shared.picture("image", case)
            return self.producer.folder("face_liveness", case, {"image.jpg": whole + bytes(LARGE - len(whole))})
        return getattr(self.producer, kind)(case)

    def _folder(self, folder, case, answer=None, **more):
        service = "face_liveness" if folder == "liveness" else folder
        return self.producer.folder(folder, case, shared.case_files(service, case, answer), **more)
