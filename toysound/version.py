"""Two versions that change for different reasons."""

#: Version of the package; the same number stands in ``pyproject.toml`` (a test holds them equal).
__version__ = "0.1.0"

#: Version of the sounds. It changes exactly when the samples of a published dataset change, so that
#: a new release of the code does not make yesterday's data and scores incomparable.
GENERATOR_VERSION = "2"
