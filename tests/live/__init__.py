"""The whole product running for tests: the three real processes, a customer's browser and an agent's, as code."""
