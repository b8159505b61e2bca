"""What somebody searched for, as it stands in an address: encrypted, and of no use to another session.

Names are patient data, and browsers, proxies and logs keep addresses. Going back and reloading work all the same.
"""

import json

from plugin.store.cipher import CannotOpen, Cipher


def seal_search(words: str, launch_id: str, cipher: Cipher) -> str:
    """The words for an address of this session; empty for none."""
    return cipher.seal(json.dumps([launch_id, words])) if words else ""


def open_search(sealed: str, launch_id: str, cipher: Cipher) -> str:
    """The words; empty where there are none, or where they are of another session or under a key that is gone."""
    try:
        sealed_for, words = json.loads(cipher.open(sealed))
    except (CannotOpen, UnicodeEncodeError, ValueError):
        return ""
    return str(words) if sealed_for == launch_id else ""
