//! Entropy: provider replies become bytes, bytes are mixed with local randomness, and every output carries an honest label.
