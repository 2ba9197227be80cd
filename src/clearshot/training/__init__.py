"""Training of the networks (extra `train`): Keras 3, any backend. Nothing else imports it.

Torch is the backend unless `KERAS_BACKEND` names another one.
"""

import os

os.environ.setdefault("KERAS_BACKEND", "torch")
