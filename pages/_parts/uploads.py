"""Files on their way in: how large they may be, alone and together, and when the memory they take is given back.

Streamlit keeps what is sent in the server's memory until the browser's session ends, whether a page reads it or not.
"""

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages._parts.text import _

# Beside `maxUploadSize` of one file (.streamlit/config.toml), which Streamlit itself watches over.
SESSION_MB, SERVER_MB = 512, 1024
_PAGE = "_uploads_of_page"


def upload_limits() -> str:
    """For the page: what may be sent."""
    return _("At most {file} MB a file and {session} MB together; larger ones by their path on the server.").format(
        file=st.get_option("server.maxUploadSize"), session=SESSION_MB
    )


def forget_uploads() -> None:
    """What this browser's session has sent is not needed any more."""
    context = get_script_run_ctx()
    if context is not None:
        context.uploaded_file_mgr.remove_session_files(context.session_id)


def forget_uploads_of_other_pages(page: str) -> None:
    """Called at every rerun, with the page that it draws."""
    if st.session_state.get(_PAGE, page) != page:
        forget_uploads()
    st.session_state[_PAGE] = page
