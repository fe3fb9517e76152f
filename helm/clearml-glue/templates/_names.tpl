{{- define "glue.name" -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "glue.selector" -}}
app.kubernetes.io/name: clearml-glue
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "glue.labels" -}}
{{ include "glue.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "glue.config" -}}
{{- $queues := list -}}
{{- range .Values.queues -}}
{{- $queues = append $queues (merge (dict "template" (printf "/etc/glue/%s" .template)) .) -}}
{{- end -}}
{{- $executor := .Values.executorImage -}}
{{- $written := dict
  "release" .Release.Name
  "cluster" .Values.cluster
  "clearml" (dict "apiHost" .Values.clearml.apiHost)
  "kubernetes" (dict "namespace" .Release.Namespace)
  "executor" (dict
    "image" (printf "%s:%s" $executor.repository ($executor.tag | default .Chart.AppVersion))
    "imagePullPolicy" $executor.pullPolicy
    "credentialsSecret" .Values.clearml.credentialsSecret)
  "queues" $queues -}}
{{- mergeOverwrite $written .Values.config | toYaml -}}
{{- end -}}
