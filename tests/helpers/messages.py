"""What an error says."""

import pytest
from inference_energy.common.errors import InputError


def message_of(function, *arguments):
    with pytest.raises(InputError) as raised:
        function(*arguments)
    message = str(raised.value)
    assert len(message.splitlines()) == 1
    return message
