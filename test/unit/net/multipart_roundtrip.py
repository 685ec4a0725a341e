"""Django, which is what the API runs on, must read our multipart body as it was meant."""

import io
import pathlib
import subprocess
import sys
import tempfile

from django.conf import settings

settings.configure(USE_I18N=False)

from django.core.files.uploadhandler import MemoryFileUploadHandler  # noqa: E402
from django.http.multipartparser import MultiPartParser  # noqa: E402


def main(dump):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        subprocess.run([dump, name], check=True)
        body = (folder / "body").read_bytes()
        assert len(body) == int((folder / "size").read_text()), "size() is not the number of bytes"
        meta = {
            "CONTENT_TYPE": (folder / "content_type").read_text(),
            "CONTENT_LENGTH": str(len(body)),
        }
        handler = MemoryFileUploadHandler()
        fields, files = MultiPartParser(meta, io.BytesIO(body), [handler], "utf-8").parse()

        expected_fields = {
            "extend_data": ["true"],
            "fullname": ["  Änne 李 \"O'Neil\"\r\nline two "],
            "näme %22q%22": [""],
        }
        assert dict(fields.lists()) == expected_fields, dict(fields.lists())
        expected_files = {
            "selfie_image": ("selfie_image.jpg", "image/jpeg"),
            "front_id": ("fr%22ont%0D%0A.png", "image/png"),
            "back_id": ("rück;seite=%22.png", "image/png"),
        }
        assert set(files) == set(expected_files), set(files)
        for field, (file_name, content_type) in expected_files.items():
            assert files[field].name == file_name, files[field].name
            assert files[field].content_type == content_type, files[field].content_type
            assert files[field].read() == (folder / field).read_bytes(), field + " has other bytes"


if __name__ == "__main__":
    main(sys.argv[1])
