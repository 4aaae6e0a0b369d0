# The pipeline with its locked packages: docs/cluster.md.
FROM python:3.11-bookworm
WORKDIR /project
COPY Makefile requirements.lock ./
RUN make environment
ENV PATH="/project/.venv/bin:$PATH"
COPY . .
CMD ["make"]
