"""What holds of Parley. How tests are run: the Makefile."""

import gc

# Every process of a run loads a thousand modules; looking through them for cycles again and again
# took a tenth of that time.
gc.set_threshold(100_000, 50, 50)
