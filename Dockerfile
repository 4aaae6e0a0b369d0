# The pipeline with its locked packages: docs/cluster.md.
FROM python:3.11-bookworm
WORKDIR /project
COPY Makefile requirements.lock ./
RUN make environment
COPY . .
CMD ["make"]
