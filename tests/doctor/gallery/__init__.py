"""A gallery of Redis servers, each really started, each with one thing wrong; and healthy ones."""
